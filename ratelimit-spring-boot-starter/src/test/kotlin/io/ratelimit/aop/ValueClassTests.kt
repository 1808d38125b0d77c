package io.ratelimit.aop

import org.assertj.core.api.Assertions.assertThatExceptionOfType
import io.ratelimit.RateLimitExceededException
import io.ratelimit.annotation.RateLimited
import java.util.stream.Stream
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.Arguments
import org.junit.jupiter.params.provider.MethodSource
import org.springframework.aot.hint.MemberCategory
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates.reflection
import org.springframework.aot.test.generate.TestGenerationContext
import org.springframework.beans.factory.support.DefaultListableBeanFactory
import org.springframework.beans.factory.support.RegisteredBean
import org.springframework.beans.factory.support.RootBeanDefinition

/** Kotlin functions with value classes and `Result`, whose names and parameters are others for the JVM. */
class ValueClassTests {

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    fun `a fallback is found by its name in the source`(
        function: String,
        call: suspend (ValueClassShop) -> Any?,
        answer: Any?,
        instead: Any?,
    ) {
        LimitedApplication.with(ValueClassShop::class.java).run { context ->
            val shop = context.getBean(ValueClassShop::class.java)
            runBlocking {
                assertThat(call(shop)).describedAs(function).isEqualTo(answer)
                assertThat(call(shop)).describedAs(function).isEqualTo(instead)
            }
        }
    }

    @Test
    fun `methods are listed as the source writes them`() {
        LimitedApplication.with(ValueClassShop::class.java).run { context ->
            assertThat(context.getBean(RateLimitedMethodRegistry::class.java).usedBy("one")).contains(
                "io.ratelimit.aop.ValueClassShop#user(UserId)",
                "io.ratelimit.aop.ValueClassShop#boxed(UserId?,Tokens?,Tokens,List)",
                "io.ratelimit.aop.ValueClassShop#result(String)",
                "io.ratelimit.aop.ValueClassShop#suspendingNext(UserId)",
            )
        }
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    fun `a fallback that does not fit stops the start with names of the source`(bean: Class<*>, message: String) {
        LimitedApplication.with(bean).run { context ->
            assertThat(LimitedApplication.mistake(context)).hasMessageStartingWith("Invalid @RateLimited on ${bean.name}#find").hasMessageContaining(message)
        }
    }

    @Test
    fun `an expression reads a value class with or without its property`() {
        LimitedApplication.with(ValueClassKeys::class.java).run { context ->
            val keys = context.getBean(ValueClassKeys::class.java)
            keys.value(UserId("ann"))
            keys.property(UserId("ann"))
            keys.safely(UserId("ann"))
            keys.byPosition(UserId("ann"))
            keys.inText(UserId("ann"), TenantId("#id.v"))
            keys.boxed(Tokens(3))
            keys.inner(UserId("ann"), Tokens(3))
            runBlocking { keys.suspending(UserId("ann")) }
            for (key in listOf("ann", "value-ann", "safe-ann", "p0-ann", "#id.v #id.v ann of #id.v", "3", "3-ANN", "later-ann")) {
                assertThat(LimitedApplication.taken(context, "ten", key)).describedAs(key).isEqualTo(if (key == "3-ANN") 3.0 else 1.0)
            }
        }
    }

    @Test
    fun `a member that only the value class has stops the start with the cure`() {
        val prefix = "#id is of the value class UserId, which the JVM passes as String, so it has no "
        val cure = "; write #id or #id.v for the value inside, or call a bean with it"
        LimitedApplication.with(TenantOfUser::class.java).run { context ->
            assertThat(LimitedApplication.mistake(context))
                .hasMessage("Invalid @RateLimited on ${TenantOfUser::class.java.name}#find(UserId): key \"#id.tenant\": ${prefix}tenant$cure")
        }
        LimitedApplication.with(NextUser::class.java).run { context ->
            assertThat(LimitedApplication.mistake(context)).hasMessageContaining("${prefix}next$cure")
        }
    }

    @Test
    fun `a call is settled by the value inside of its result`() {
        LimitedApplication.with(SettledTokens::class.java).run { context ->
            val settled = context.getBean(SettledTokens::class.java)
            val calls = listOf<suspend (String) -> Any?>(
                { settled.value(it) },
                { settled.property(it) },
                { settled.nullable(it) },
                { settled.suspendingValue(it) },
                { settled.suspendingProperty(it) },
                { settled.result(it) },
                { settled.suspendingResult(it) },
            )
            runBlocking {
                calls.forEachIndexed { index, call ->
                    call("call $index")
                    assertThat(LimitedApplication.taken(context, "ten", "call $index")).describedAs("call $index").isEqualTo(7.0)
                }
                settled.failure("failure")
                assertThat(LimitedApplication.taken(context, "ten", "failure")).isEqualTo(9.0)
            }
        }
    }

    @Test
    fun `a function that a generic supertype calls by another name stops the start`() {
        LimitedApplication.with(UserFinder::class.java).run { context ->
            assertThat(LimitedApplication.mistake(context))
                .hasMessageContaining("UserFinder#find(UserId)")
                .hasMessageContaining("a generic supertype calls it by another name")
                .hasMessageContaining("let find of the supertype have no type parameter")
        }
        LimitedApplication.with(FinderOfUsers::class.java).run { context ->
            assertThat(context).hasNotFailed()
            val users: Users = context.getBean(FinderOfUsers::class.java)
            assertThat(users.find(UserId("ann"))).isEqualTo("ann")
            assertThatExceptionOfType(RateLimitExceededException::class.java).isThrownBy { users.find(UserId("ann")) }
        }
    }

    @Test
    fun `a native image can invoke a fallback with a value class, and read the class`() {
        val factory = DefaultListableBeanFactory()
        factory.registerBeanDefinition("shop", RootBeanDefinition(ValueClassShop::class.java))
        val generation = TestGenerationContext()
        RateLimitedAotProcessor().processAheadOfTime(RegisteredBean.of(factory, "shop"))!!.applyTo(generation, org.mockito.Mockito.mock())
        val fallbacks = ValueClassShop::class.java.declaredMethods.filter { it.name.startsWith("whenRejected-") }
        assertThat(fallbacks.filter { reflection().onMethodInvocation(it).test(generation.runtimeHints) })
            .singleElement()
            .satisfies({ assertThat(it.parameterTypes).contains(RateLimitExceededException::class.java) })
        for (type in listOf(UserId::class.java, Tokens::class.java, Result::class.java)) {
            assertThat(reflection().onType(type).withMemberCategories(MemberCategory.ACCESS_DECLARED_FIELDS, MemberCategory.INVOKE_DECLARED_METHODS))
                .accepts(generation.runtimeHints)
        }
    }

    companion object {

        private fun call(function: String, answer: Any?, instead: Any?, call: suspend (ValueClassShop) -> Any?) =
            Arguments.of(function, call, answer, instead)

        @JvmStatic
        fun calls(): Stream<Arguments> = Stream.of(
            call("value class", "found ann", "instead of ann") { it.user(UserId("ann")) },
            call("with the exception", "found ann", "one ann") { it.userOrException(UserId("ann")) },
            call("boxed", "found", "UserId(v=ann) Tokens(count=3) Tokens(count=4) [UserId(v=bob)]") {
                it.boxed(UserId("ann"), Tokens(3), Tokens(4), listOf(UserId("bob")))
            },
            call("null", "found", "null null Tokens(count=4) []") { it.boxed(null, null, Tokens(4), listOf()) },
            call("internal", "found ann", "instead of ann") { it.withInternalFallback("ann") },
            call("internal, value class", "found ann", "instead of ann") { it.withInternalFallbackOfUser(UserId("ann")) },
            call("dash", "found ann", "instead of ann") { it.withDash("ann") },
            call("Result", true, false) { it.result("ann").isSuccess },
            call("result of a value class", UserId("ann-next"), UserId("ann-other")) { it.next(UserId("ann")) },
            call("result of a number", Tokens(7), Tokens(0)) { it.count(UserId("ann")) },
            call("result of a nullable number", Tokens(7), null) { it.countOrNull(UserId("ann")) },
            call("suspending", "found ann", "instead of ann") { it.suspending(UserId("ann")) },
            call("suspending, plain fallback", "found ann", "instead of ann") { it.suspendingWithPlainFallback(UserId("ann")) },
            call("suspending Result", "found ann", null) { it.suspendingResult("ann").getOrNull() },
            call("suspending Result, plain fallback", "found ann", null) { it.suspendingResultWithPlainFallback("ann").getOrNull() },
            call("suspending value class", "ann-next", "ann-other") { it.suspendingNext(UserId("ann")).v },
            call("suspending value class, plain fallback", "ann-next", "ann-other") { it.suspendingNextWithPlainFallback(UserId("ann")).v },
            call("suspending number", Tokens(7), Tokens(0)) { it.suspendingCount(UserId("ann")) },
            call("suspending number, plain fallback", 7L, 0L) { it.suspendingCountWithPlainFallback(UserId("ann")).count },
        )

        @JvmStatic
        fun mistakes(): Stream<Arguments> = Stream.of(
            Arguments.of(MissingAnswer::class.java, "(UserId,Tokens?): fallback \"answer\": no such method in ${MissingAnswer::class.java.name}; declare Tokens answer(UserId,Tokens?)"),
            Arguments.of(AnswerOfTenant::class.java, "(UserId): fallback \"answer\": has other parameters than the limited method; declare String answer(UserId)"),
            Arguments.of(AnswerOfText::class.java, "(UserId): fallback \"answer\": has other parameters"),
            Arguments.of(AnswerOfNullable::class.java, "(Tokens): fallback \"answer\": has other parameters than the limited method; declare String answer(Tokens)"),
            Arguments.of(TenantAsAnswer::class.java, "(String): fallback \"answer\": returns TenantId, which is no UserId; declare UserId answer(String)"),
            Arguments.of(NullableAsAnswer::class.java, "(String): fallback \"answer\": returns Tokens?, which is no Tokens"),
            Arguments.of(TextAsResult::class.java, "(String): fallback \"answer\": returns String, which is no Result; declare Result answer(String)"),
            Arguments.of(TextAsSuspendingResult::class.java, "(String): fallback \"answer\": returns String, which is no Result"),
        )
    }
}

open class ValueClassKeys {

    @RateLimited(limit = "ten", key = "#id")
    open fun value(id: UserId) = Unit

    @RateLimited(limit = "ten", key = "'value-' + #id.v")
    open fun property(id: UserId) = Unit

    @RateLimited(limit = "ten", key = "'safe-' + #id?.v.toString()")
    open fun safely(id: UserId) = Unit

    @RateLimited(limit = "ten", key = "'p0-' + #p0.v")
    open fun byPosition(id: UserId) = Unit

    @RateLimited(limit = "ten", key = "'#id.v ' + #tenant.v + ' ' + {#id.v}[0] + ' of ' + #tenant")
    open fun inText(id: UserId, tenant: TenantId) = Unit

    @RateLimited(limit = "ten", key = "#tokens.count")
    open fun boxed(tokens: Tokens?) = Unit

    @RateLimited(limit = "ten", key = "#tokens.count + '-' + #id.v.toUpperCase()", costExpression = "#tokens.count", condition = "#id.v.length() == 3")
    open fun inner(id: UserId, tokens: Tokens) = Unit

    @RateLimited(limit = "ten", key = "'later-' + #id.v")
    open suspend fun suspending(id: UserId) = delay(1)
}

open class TenantOfUser {

    @RateLimited(limit = "ten", key = "#id.tenant")
    open fun find(id: UserId) = Unit
}

open class NextUser {

    @RateLimited(limit = "ten", key = "#id.next()")
    open fun find(id: UserId) = Unit
}

open class SettledTokens {

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result")
    open fun value(key: String): Tokens = Tokens(7)

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result.count")
    open fun property(key: String): Tokens = Tokens(7)

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result.count")
    open fun nullable(key: String): Tokens? = Tokens(7)

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result")
    open suspend fun suspendingValue(key: String): Tokens = Tokens(7)

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result.count")
    open suspend fun suspendingProperty(key: String): Tokens {
        delay(1)
        return Tokens(7)
    }

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result")
    open fun result(key: String): Result<Int> = Result.success(7)

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result.length()")
    open suspend fun suspendingResult(key: String): Result<String> = Result.success("7 chars")

    @RateLimited(limit = "ten", key = "#key", cost = 9.0, settle = "#result")
    open fun failure(key: String): Result<Int> = Result.failure(IllegalStateException("on purpose"))
}

open class MissingAnswer {

    @RateLimited("one", fallback = "answer")
    open fun find(id: UserId, tokens: Tokens?): Tokens = Tokens(1)
}

open class AnswerOfTenant {

    @RateLimited("one", fallback = "answer")
    open fun find(id: UserId): String = id.v

    private fun answer(id: TenantId, rejected: RuntimeException): String = id.v
}

open class AnswerOfText {

    @RateLimited("one", fallback = "answer")
    open fun find(id: UserId): String = id.v

    private fun answer(id: String): String = id
}

open class AnswerOfNullable {

    @RateLimited("one", fallback = "answer")
    open fun find(tokens: Tokens): String = "real"

    private fun answer(tokens: Tokens?): String = "instead"
}

open class TenantAsAnswer {

    @RateLimited("one", fallback = "answer")
    open fun find(id: String): UserId = UserId(id)

    private fun answer(id: String): TenantId = TenantId(id)
}

open class NullableAsAnswer {

    @RateLimited("one", fallback = "answer")
    open fun find(id: String): Tokens = Tokens(1)

    private fun answer(id: String): Tokens? = null
}

open class TextAsResult {

    @RateLimited("one", fallback = "answer")
    open fun find(id: String): Result<String> = Result.success(id)

    private fun answer(id: String): String = id
}

open class TextAsSuspendingResult {

    @RateLimited("one", fallback = "answer")
    open suspend fun find(id: String): Result<String> = Result.success(id)

    private fun answer(id: String): String = id
}

interface Finder<T> {

    fun find(id: T): String
}

open class UserFinder : Finder<UserId> {

    @RateLimited("one")
    override fun find(id: UserId): String = id.v
}

interface Users {

    fun find(id: UserId): String
}

open class FinderOfUsers : Users {

    @RateLimited("one")
    override fun find(id: UserId): String = id.v
}
