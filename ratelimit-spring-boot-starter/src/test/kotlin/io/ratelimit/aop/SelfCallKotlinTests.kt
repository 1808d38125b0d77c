package io.ratelimit.aop

import io.ratelimit.annotation.RateLimited
import kotlinx.coroutines.delay
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.extension.ExtendWith
import org.springframework.boot.test.system.CapturedOutput
import org.springframework.boot.test.system.OutputCaptureExtension

/** Calls of Kotlin functions on `this`. */
@ExtendWith(OutputCaptureExtension::class)
class SelfCallKotlinTests {

    @Test
    fun `a call is one of the function of the source that makes it`(output: CapturedOutput) {
        LimitedApplication.with(SelfCaller::class.java).run { context -> assertThat(context).hasNotFailed() }
        val callers = Regex("SelfCaller#(\\w+)\\([^)]*\\) calls \\S+SelfCaller#(\\w+)\\(").findAll(output.all).map { it.groupValues[1] + " " + it.groupValues[2] }
        assertThat(callers.toList()).containsExactlyInAnyOrder(
            "plain search",
            "inScope search",
            "inInlinedLambda search",
            "inLambda search",
            "withDefault search",
            "suspending find",
            "suspending search",
            "suspendingEither find",
            "ofUser user",
        )
    }

}

open class SelfCaller {

    open var other: SelfCaller? = null

    @RateLimited("ten")
    open fun search(text: String = "all"): String = text

    @RateLimited("ten")
    open fun user(id: UserId): String = id.v

    @RateLimited("ten")
    open suspend fun find(text: String): String = text

    open fun plain(text: String?): String = search(text ?: return "")

    open fun inScope(text: String) = run { text.let { search(it) } }

    open fun inInlinedLambda(texts: List<String>) = texts.map { search(it) }

    open fun inLambda(text: String): () -> String = { search(text) }

    open fun withDefault() = search()

    open suspend fun suspending(text: String): String {
        delay(1)
        return find(text) + search(text)
    }

    open suspend fun suspendingEither(text: String): String {
        val self = if (text.isEmpty()) this else other!!
        delay(1)
        self.search(text)
        delay(1)
        return self.search(text) + find(text)
    }

    open fun ofUser(id: UserId) = user(id)

    open fun ofOther(text: String) = other?.search(text) + other?.search() + this.apply { other = null }.other?.search()

    open fun ofParameter(self: SelfCaller) = self.run { search() }
}
