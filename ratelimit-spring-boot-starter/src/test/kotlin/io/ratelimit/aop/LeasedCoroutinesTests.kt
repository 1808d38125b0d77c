package io.ratelimit.aop

import io.ratelimit.RateLimitExceededException
import io.ratelimit.RateLimiterRegistry
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import java.util.stream.Stream
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Named
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** Suspend functions and flows of which one call may run at once. */
@Timeout(60)
class LeasedCoroutinesTests {

    private val runner = LimitedApplication.with(OneAtOnce::class.java)

    private fun run(test: suspend CoroutineScope.(OneAtOnce, RateLimiterRegistry) -> Unit) {
        runner.run { context ->
            runBlocking { test(context.getBean(OneAtOnce::class.java), context.getBean(RateLimiterRegistry::class.java)) }
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    fun `a call ends with its value`(call: suspend (OneAtOnce) -> Any) = run { shop, registry ->
        repeat(3) {
            shop.startAfresh()
            val result = async(start = CoroutineStart.UNDISPATCHED) { call(shop) }
            assertThat(isFree(registry)).isFalse()
            assertThat(thrownBy { call(shop) }).isInstanceOf(RateLimitExceededException::class.java)
            shop.gate().complete("value")
            assertThat(result.await().toString()).contains("value")
            assertThat(isFree(registry)).isTrue()
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    fun `a call ends with its failure`(call: suspend (OneAtOnce) -> Any) = run { shop, registry ->
        val result = async(Dispatchers.Unconfined) { thrownBy { call(shop) } }
        assertThat(isFree(registry)).isFalse()
        shop.gate().completeExceptionally(IllegalStateException("broken"))
        assertThat(result.await()).hasMessage("broken")
        assertThat(isFree(registry)).isTrue()
    }

    @ParameterizedTest
    @MethodSource("calls")
    fun `a call ends when it is cancelled`(call: suspend (OneAtOnce) -> Any) = run { shop, registry ->
        val job = launch(Dispatchers.Unconfined) { call(shop) }
        assertThat(isFree(registry)).isFalse()
        job.cancelAndJoin()
        assertThat(isFree(registry)).isTrue()
    }

    @ParameterizedTest
    @MethodSource("calls")
    fun `a call ends with a timeout`(call: suspend (OneAtOnce) -> Any) = run { shop, registry ->
        assertThat(thrownBy { withTimeout(20) { call(shop) } }).isInstanceOf(TimeoutCancellationException::class.java)
        assertThat(isFree(registry)).isTrue()
    }

    @Test
    fun `a flow ends for a collector who has enough`() = run { shop, registry ->
        for (flow in listOf(shop.all(), shop.suspendedAll())) {
            repeat(2) {
                assertThat(flow.first()).isEqualTo("first")
                assertThat(isFree(registry)).isTrue()
                assertThat(flow.take(1).toList()).containsExactly("first")
                assertThat(isFree(registry)).isTrue()
                assertThat(thrownBy { flow.onEach { throw IllegalStateException("of the collector") }.collect() })
                    .hasMessage("of the collector")
                assertThat(isFree(registry)).isTrue()
            }
        }
    }

    @ParameterizedTest
    @MethodSource("endless")
    fun `the work of a cancelled call is cancelled before its lease is released`(call: suspend (OneAtOnce) -> Any) = run { shop, registry ->
        val leave = listOf<suspend CoroutineScope.() -> Unit>(
            { launch(Dispatchers.Unconfined) { call(shop) }.cancelAndJoin() },
            { thrownBy { withTimeout(20) { call(shop) } } },
            { withTimeoutOrNull(20) { call(shop) } },
            { thrownBy { coroutineScope { launch { call(shop) }; delay(20); launch { throw IllegalStateException("sibling") } } } },
        )
        for (departure in leave) {
            val free = mutableListOf<Boolean>()
            shop.whenCancelled { free.add(isFree(registry)) }
            departure()
            assertThat(free).containsExactly(false)
            assertThat(isFree(registry)).isTrue()
        }
    }

    @Test
    fun `a flow ends before its lease is released for a collector who has enough`() = run { shop, registry ->
        for (flow in listOf(shop.endlessFlow(), shop.endlessFlowElsewhere())) {
            val free = mutableListOf<Boolean>()
            shop.whenCancelled { free.add(isFree(registry)) }
            assertThat(flow.first()).isEqualTo("first")
            assertThat(flow.take(1).toList()).containsExactly("first")
            assertThat(thrownBy { flow.onEach { throw IllegalStateException("of the collector") }.collect() })
                .hasMessage("of the collector")
            assertThat(free).containsExactly(false, false, false)
            assertThat(isFree(registry)).isTrue()
        }
    }

    @Test
    fun `a body that throws holds nothing`() = run { shop, registry ->
        repeat(2) {
            assertThat(thrownBy { shop.broken() }).hasMessage("on purpose")
            assertThat(isFree(registry)).isTrue()
            assertThat(thrownBy { shop.brokenFlow().toList() }).hasMessage("on purpose")
            assertThat(isFree(registry)).isTrue()
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    fun `a caller that is cancelled when the decision comes leaves no lease behind`(call: suspend (OneAtOnce) -> Any) {
        LateApplication.with(OneAtOnce::class.java).run { context ->
            val shop = context.getBean(OneAtOnce::class.java)
            val registry = context.getBean(RateLimiterRegistry::class.java)
            repeat(300) {
                val job = LateApplication.onEventLoop { CoroutineScope(Dispatchers.Default).launch(start = CoroutineStart.UNDISPATCHED) { call(shop) } }
                val replied = CompletableFuture.runAsync { LateApplication.store(context).reply() }
                runBlocking(Dispatchers.Default) {
                    delay(if (it % 2 == 0) 0 else 1)
                    job.cancelAndJoin()
                }
                replied.get(20, TimeUnit.SECONDS)
                val start = System.nanoTime()
                while (!isFree(registry)) {
                    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(20))
                    Thread.sleep(1)
                }
            }
        }
    }

    private fun isFree(registry: RateLimiterRegistry): Boolean {
        val decision = registry.get("single").tryAcquire()
        registry.release(decision)
        return decision.admitted()
    }

    private suspend fun thrownBy(call: suspend () -> Any?): Throwable? =
        try {
            call()
            null
        } catch (ex: CancellationException) {
            if (ex is TimeoutCancellationException) ex else throw ex
        } catch (ex: Throwable) {
            ex
        }

    companion object {

        @JvmStatic
        fun endless(): Stream<Named<suspend (OneAtOnce) -> Any>> = Stream.of(
            Named.of("suspend function", { it.endless() }),
            Named.of("flow", { it.endlessFlow().toList() }),
            Named.of("flow on another dispatcher", { it.endlessFlowElsewhere().toList() }),
            Named.of("flow of a suspend function", { it.suspendedEndlessFlow().toList() }),
        )

        @JvmStatic
        fun calls(): Stream<Named<suspend (OneAtOnce) -> Any>> = Stream.of(
            Named.of("suspend function", { it.find() }),
            Named.of("flow", { it.all().toList() }),
            Named.of("flow of a suspend function", { it.suspendedAll().toList() }),
        )
    }
}
