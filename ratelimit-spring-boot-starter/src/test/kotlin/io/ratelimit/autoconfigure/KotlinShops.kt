package io.ratelimit.autoconfigure

import io.ratelimit.annotation.RateLimited
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flowOf

open class SuspendingShop {

    @RateLimited("search")
    open suspend fun find(user: String): String = user
}

open class FlowingShop {

    @RateLimited("search")
    open fun find(user: String): Flow<String> = flowOf(user)
}

@JvmInline
value class UserId(val v: String)

@JvmInline
value class TenantId(val v: String)

open class ValueClassShop {

    @RateLimited("search", key = "#p0", fallback = "answer")
    open fun find(user: UserId): String = user.v

    private fun answer(user: UserId): String = user.v

    @RateLimited("search", fallback = "internalAnswer")
    open fun all(): Result<String> = Result.success("all")

    internal fun internalAnswer(): Result<String> = Result.success("none")
}

open class AmbiguousShop {

    @RateLimited("search", fallback = "answer")
    open fun find(user: UserId): String = user.v

    private fun answer(user: UserId): String = user.v

    private fun answer(tenant: TenantId): String = tenant.v
}
