package io.ratelimit.aop

import io.ratelimit.RateLimitExceededException
import io.ratelimit.annotation.RateLimited
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.suspendCancellableCoroutine

/** Kotlin functions with limits. */
open class KotlinShop : Shop {

    private val counter = AtomicInteger()

    open fun runs() = counter.get()

    private fun here(): String {
        counter.incrementAndGet()
        return LateApplication.place()
    }

    @RateLimited(limit = "one", key = "#user")
    override suspend fun find(user: String): String = user

    @RateLimited(limit = "one", key = "#root.args.length + '-' + #p0")
    open suspend fun counted(user: String, more: Int): String = user + more

    @RateLimited("one")
    open suspend fun slow(): Unit = delay(1)

    @RateLimited("one")
    open suspend fun nullable(): String? = null

    @RateLimited("one")
    open suspend fun throwing(): String = throw IllegalArgumentException("on purpose")

    @RateLimited(limit = "one", condition = "#limited")
    open suspend fun conditional(limited: Boolean): Boolean = limited

    @RateLimited("one")
    open suspend fun place(): String = here()

    @RateLimited("one")
    open suspend fun suspendedFlow(): Flow<String> = flowOf("a", "b")

    @RateLimited(limit = "one", key = "#user")
    open fun all(user: String): Flow<String> = flow {
        emit(user)
        delay(1)
        emit(here())
    }

    @RateLimited("one")
    open fun flowOfPlace(): Flow<String> = flow { emit(here()) }

    @RateLimited("ten", refundOn = [RuntimeException::class])
    open fun refunded(broken: Boolean): Flow<String> = flow {
        emit("a")
        emit("b")
        check(!broken) { "broken" }
        awaitCancellation()
    }

    @RateLimited("one", fallback = "suspendingAnswer")
    open suspend fun withSuspendingFallback(user: String): Int = user.length

    private suspend fun suspendingAnswer(user: String, rejected: RateLimitExceededException): Int {
        delay(1)
        return -user.length - rejected.limit.length
    }

    @RateLimited("one", fallback = "plainAnswer")
    open suspend fun withPlainFallback(user: String): Int = user.length

    private fun plainAnswer(user: String): Int = -user.length

    @RateLimited("one", fallback = "throwingAnswer")
    open suspend fun withThrowingFallback(): Unit = Unit

    private suspend fun throwingAnswer(): Unit = throw IllegalStateException("no answer")

    @RateLimited("one", fallback = "flowAnswer")
    open fun flowWithFallback(): Flow<String> = flowOf("real")

    private fun flowAnswer(): Flow<String> = flowOf("instead")

    @RateLimited("one", fallback = "flowAnswer")
    open suspend fun suspendedFlowWithFallback(): Flow<String> = flowOf("real")
}

/** Functions with one call at a time; each call ends on request. */
open class OneAtOnce {

    private var gate = CompletableDeferred<String>()

    open fun gate() = gate

    open fun startAfresh() {
        gate = CompletableDeferred()
    }

    @RateLimited("single")
    open suspend fun find(): String = gate.await()

    @RateLimited("single")
    open suspend fun broken(): String = throw IllegalArgumentException("on purpose")

    @RateLimited("single")
    open fun all(): Flow<String> = flow {
        emit("first")
        emit(gate.await())
    }

    @RateLimited("single")
    open suspend fun suspendedAll(): Flow<String> = flow {
        emit("first")
        emit(gate.await())
    }

    private var cancelled: () -> Unit = {}

    open fun whenCancelled(handler: () -> Unit) {
        cancelled = handler
    }

    @RateLimited("single")
    open suspend fun endless(): String = suspendCancellableCoroutine { work ->
        work.invokeOnCancellation { cancelled() }
    }

    @RateLimited("single")
    open fun endlessFlow(): Flow<String> = untilCancelled()

    @RateLimited("single")
    open fun endlessFlowElsewhere(): Flow<String> = untilCancelled().flowOn(Dispatchers.Default)

    private fun untilCancelled(): Flow<String> = flow {
        try {
            emit("first")
            awaitCancellation()
        } finally {
            cancelled()
        }
    }

    @RateLimited("single")
    open suspend fun suspendedEndlessFlow(): Flow<String> = flow {
        emit("first")
        suspendCancellableCoroutine<Unit> { work -> work.invokeOnCancellation { cancelled() } }
    }

    @RateLimited("single")
    open fun brokenFlow(): Flow<String> = throw IllegalArgumentException("on purpose")
}

/** So that a JDK proxy can stand before the shop. */
interface Shop {
    suspend fun find(user: String): String
}

open class SuspendingAnswerOfPlainFunction {

    @RateLimited("one", fallback = "answer")
    open fun find(): String = "real"

    private suspend fun answer(): String = "instead"
}

open class AnswerOfAnotherType {

    @RateLimited("one", fallback = "answer")
    open suspend fun find(): String = "real"

    private fun answer(): Int = 1
}

open class HotFlow {

    @RateLimited("one")
    open fun state(): StateFlow<String> = throw UnsupportedOperationException()
}

open class ContinuationAsKey {

    @RateLimited("one", key = "#p1")
    open suspend fun find(user: String): String = user
}
