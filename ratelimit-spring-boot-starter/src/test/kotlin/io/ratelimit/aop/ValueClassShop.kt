package io.ratelimit.aop

import io.ratelimit.RateLimitExceededException
import io.ratelimit.annotation.RateLimited
import kotlinx.coroutines.delay

@JvmInline
value class UserId(val v: String) {
    val tenant get() = v.substringBefore('-')

    fun next() = UserId("$v-next")
}

@JvmInline
value class TenantId(val v: String)

@JvmInline
value class Tokens(val count: Long)

/** Functions whose parameters and results are value classes, which the JVM passes as the value inside, mostly. */
open class ValueClassShop {

    @RateLimited("one", fallback = "otherUser")
    open fun user(id: UserId): String = "found ${id.v}"

    private fun otherUser(id: UserId): String = "instead of ${id.v}"

    private fun otherUser(id: TenantId): String = "of the wrong type ${id.v}"

    @RateLimited("one", fallback = "whenRejected")
    open fun userOrException(id: UserId): String = "found ${id.v}"

    private fun whenRejected(id: UserId): String = "not the preferred one ${id.v}"

    private fun whenRejected(id: UserId, rejected: RateLimitExceededException): String = "${rejected.limit} ${id.v}"

    private fun whenRejected(id: TenantId, rejected: RateLimitExceededException): String = "${rejected.limit} tenant ${id.v}"

    @RateLimited("one", fallback = "otherBoxed")
    open fun boxed(id: UserId?, tokens: Tokens?, more: Tokens, ids: List<UserId>): String = "found"

    private fun otherBoxed(id: UserId?, tokens: Tokens?, more: Tokens, ids: List<UserId>): String = "$id $tokens $more $ids"

    @RateLimited("one", fallback = "internalAnswer")
    open fun withInternalFallback(name: String): String = "found $name"

    internal fun internalAnswer(name: String): String = "instead of $name"

    @RateLimited("one", fallback = "internalAnswerOfUser")
    open fun withInternalFallbackOfUser(id: UserId): String = "found ${id.v}"

    internal fun internalAnswerOfUser(id: UserId): String = "instead of ${id.v}"

    @RateLimited("one", fallback = "other-name")
    open fun withDash(name: String): String = "found $name"

    private fun `other-name`(name: String): String = "instead of $name"

    @RateLimited("one", fallback = "failed")
    open fun result(name: String): Result<String> = Result.success("found $name")

    private fun failed(name: String, rejected: RateLimitExceededException): Result<String> = Result.failure(rejected)

    @RateLimited("one", fallback = "another")
    open fun next(id: UserId): UserId = UserId(id.v + "-next")

    private fun another(id: UserId): UserId = UserId(id.v + "-other")

    @RateLimited("one", fallback = "noTokens")
    open fun count(id: UserId): Tokens = Tokens(7)

    private fun noTokens(id: UserId): Tokens = Tokens(0)

    @RateLimited("one", fallback = "noTokensAtAll")
    open fun countOrNull(id: UserId): Tokens? = Tokens(7)

    private fun noTokensAtAll(id: UserId): Tokens? = null

    @RateLimited("one", fallback = "suspendingAnswer")
    open suspend fun suspending(id: UserId): String = "found ${id.v}"

    private suspend fun suspendingAnswer(id: UserId): String {
        delay(1)
        return "instead of ${id.v}"
    }

    @RateLimited("one", fallback = "plainAnswer")
    open suspend fun suspendingWithPlainFallback(id: UserId): String = "found ${id.v}"

    private fun plainAnswer(id: UserId): String = "instead of ${id.v}"

    @RateLimited("one", fallback = "suspendingFailure")
    open suspend fun suspendingResult(name: String): Result<String> = Result.success("found $name")

    private suspend fun suspendingFailure(name: String, rejected: RateLimitExceededException): Result<String> {
        delay(1)
        return Result.failure(rejected)
    }

    @RateLimited("one", fallback = "failed")
    open suspend fun suspendingResultWithPlainFallback(name: String): Result<String> = Result.success("found $name")

    @RateLimited("one", fallback = "anotherLater")
    open suspend fun suspendingNext(id: UserId): UserId {
        delay(1)
        return UserId(id.v + "-next")
    }

    private suspend fun anotherLater(id: UserId): UserId = UserId(id.v + "-other")

    @RateLimited("one", fallback = "another")
    open suspend fun suspendingNextWithPlainFallback(id: UserId): UserId = UserId(id.v + "-next")

    @RateLimited("one", fallback = "noTokensLater")
    open suspend fun suspendingCount(id: UserId): Tokens = Tokens(7)

    private suspend fun noTokensLater(id: UserId): Tokens = Tokens(0)

    @RateLimited("one", fallback = "noTokens")
    open suspend fun suspendingCountWithPlainFallback(id: UserId): Tokens = Tokens(7)
}
