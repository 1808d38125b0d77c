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
