package io.ratelimit.aop

import io.ratelimit.RateLimitExceededException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.asFlux
import kotlinx.coroutines.reactive.awaitSingle
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatExceptionOfType
import org.junit.jupiter.api.Test
import org.springframework.boot.test.context.runner.ApplicationContextRunner
import org.springframework.context.ApplicationContext

class CoroutinesTests {

    private val runner = LimitedApplication.with(KotlinShop::class.java)

    private fun ApplicationContextRunner.with(test: suspend (KotlinShop, ApplicationContext) -> Unit) {
        run { context -> runBlocking { test(context.getBean(KotlinShop::class.java), context) } }
    }

    private suspend fun assertRejected(call: suspend () -> Any?) {
        var thrown: Throwable? = null
        try {
            call()
        } catch (ex: Throwable) {
            thrown = ex
        }
        assertThat(thrown).isExactlyInstanceOf(RateLimitExceededException::class.java)
    }

    @Test
    fun `a suspend function is decided on each call and its rejection is thrown where it is awaited`() = runner.with { shop, context ->
        assertThat(shop.find("ann")).isEqualTo("ann")
        assertRejected { shop.find("ann") }
        assertThat(shop.find("bob")).isEqualTo("bob")
        assertThat(LimitedApplication.taken(context, "one", "ann")).isEqualTo(1.0)
    }

    @Test
    fun `behind a JDK proxy too`() {
        runner.withPropertyValues("spring.aop.proxy-target-class=false", "ineffective=WARN").run { context ->
            val shop = context.getBean(Shop::class.java)
            assertThat(shop).isNotInstanceOf(KotlinShop::class.java)
            runBlocking {
                assertThat(shop.find("ann")).isEqualTo("ann")
                assertRejected { shop.find("ann") }
            }
        }
    }

    @Test
    fun `no expression sees the continuation`() {
        runner.with { shop, context ->
            assertThat(shop.counted("ann", 7)).isEqualTo("ann7")
            assertThat(LimitedApplication.taken(context, "one", "2-ann")).isEqualTo(1.0)
            assertThat(context.getBean(RateLimitedMethodRegistry::class.java).usedBy("one"))
                .contains("io.ratelimit.aop.KotlinShop#counted(String,int)")
        }
        assertInvalid(ContinuationAsKey::class.java, "unknown variable #p1")
    }

    @Test
    fun `a suspend function may return nothing and null and throw`() {
        runner.with { shop, _ ->
            shop.slow()
            assertRejected { shop.slow() }
        }
        runner.with { shop, _ ->
            assertThat(shop.nullable()).isNull()
            assertRejected { shop.nullable() }
        }
        runner.with { shop, _ ->
            assertThatExceptionOfType(IllegalArgumentException::class.java)
                .isThrownBy { runBlocking { shop.throwing() } }
                .withMessage("on purpose")
        }
    }

    @Test
    fun `a condition counts`() = runner.with { shop, _ ->
        repeat(2) { assertThat(shop.conditional(false)).isFalse() }
        assertThat(shop.conditional(true)).isTrue()
        assertRejected { shop.conditional(true) }
    }

    @Test
    fun `a flow is decided on each collection`() = runner.with { shop, context ->
        val flow = shop.all("ann")
        assertThat(LimitedApplication.taken(context, "one", "ann")).isZero()
        assertThat(flow.toList()).hasSize(2).startsWith("ann")
        assertRejected { flow.toList() }
        assertThat(shop.runs()).isEqualTo(1)
        assertThat(shop.all("bob").first()).isEqualTo("bob")
    }

    @Test
    fun `a flow that a suspend function returns is decided on each collection`() = runner.with { shop, context ->
        val flow = shop.suspendedFlow()
        assertThat(LimitedApplication.taken(context, "one")).isZero()
        assertThat(flow.toList()).containsExactly("a", "b")
        assertRejected { flow.toList() }
    }

    @Test
    fun `a flow that fails is free`() = runner.with { shop, context ->
        assertThatExceptionOfType(IllegalStateException::class.java)
            .isThrownBy { runBlocking { shop.refunded(broken = true).toList() } }
            .withMessage("broken")
        assertThat(LimitedApplication.taken(context, "ten")).isZero()
    }

    @Test
    fun `a flow whose collector has enough or fails or is cancelled is charged`() = runner.with { shop, context ->
        assertThat(shop.refunded(broken = false).take(1).toList()).containsExactly("a")
        assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(1.0)
        assertThat(shop.refunded(broken = false).asFlux().take(1).collectList().awaitSingle()).containsExactly("a")
        assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(2.0)
        assertThatExceptionOfType(IllegalStateException::class.java)
            .isThrownBy { runBlocking { shop.refunded(broken = false).collect { error("of the collector") } } }
            .withMessage("of the collector")
        assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(3.0)
        coroutineScope { launch(Dispatchers.Unconfined) { shop.refunded(broken = false).collect() }.cancelAndJoin() }
        assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(4.0)
        withTimeoutOrNull(20) { shop.refunded(broken = false).collect() }
        assertThat(LimitedApplication.taken(context, "ten")).isEqualTo(5.0)
    }

    @Test
    fun `a fallback is suspending or plain`() {
        runner.with { shop, _ ->
            assertThat(shop.withSuspendingFallback("ann")).isEqualTo(3)
            assertThat(shop.withSuspendingFallback("ann")).isEqualTo(-6)
            assertThat(shop.withPlainFallback("ann")).isEqualTo(-3)
            assertThatExceptionOfType(IllegalStateException::class.java)
                .isThrownBy { runBlocking { shop.withThrowingFallback() } }
                .withMessage("no answer")
            assertThat(shop.flowWithFallback().toList()).containsExactly("instead")
            assertThat(shop.suspendedFlowWithFallback().toList()).containsExactly("instead")
        }
        assertInvalid(SuspendingAnswerOfPlainFunction::class.java, "is a suspend function, but the limited method is not")
        assertInvalid(AnswerOfAnotherType::class.java, "returns int, which is no String")
    }

    @Test
    fun `a flow that is always there cannot be limited`() =
        assertInvalid(HotFlow::class.java, "a rejection cannot be the failure of a kotlinx.coroutines.flow.StateFlow")

    @Test
    fun `while switched off everything is as it was`() = runner.withPropertyValues("enabled=false").with { shop, _ ->
        repeat(2) {
            assertThat(shop.find("ann")).isEqualTo("ann")
            assertThat(shop.all("ann").first()).isEqualTo("ann")
        }
    }

    @Test
    fun `a body that was decided at once runs in the caller's coroutine on the caller's thread`() = runner.with { shop, _ ->
        assertThat(shop.place()).isEqualTo(LateApplication.place())
    }

    @Test
    fun `a late decision comes back into the caller's coroutine where it has a dispatcher`() {
        late { shop, store ->
            val result = launched(Dispatchers.Default + CoroutineName("callers")) { shop.place() }
            store.reply()
            assertThat(result.get(10, TimeUnit.SECONDS)).startsWith("DefaultDispatcher-worker-")
        }
        late { shop, store ->
            val result = launched(Dispatchers.Default) { shop.flowOfPlace().first() }
            store.reply()
            assertThat(result.get(10, TimeUnit.SECONDS)).startsWith("DefaultDispatcher-worker-")
        }
    }

    @Test
    fun `without a dispatcher it goes on on the application's executor with the context of the caller`() {
        late { shop, store ->
            val result = LateApplication.onEventLoop { launched(Dispatchers.Unconfined) { shop.place() } }
            store.reply()
            assertThat(result.get(10, TimeUnit.SECONDS)).isEqualTo(LateApplication.HERE)
        }
        late { shop, store ->
            val result = LateApplication.onEventLoop { launched(Dispatchers.Unconfined) { shop.flowOfPlace().first() } }
            store.reply()
            assertThat(result.get(10, TimeUnit.SECONDS)).isEqualTo(LateApplication.HERE)
        }
    }

    @Test
    fun `a late rejection is told there too`() = late { shop, store ->
        LateApplication.onEventLoop { launched(Dispatchers.Unconfined) { shop.place() } }
        store.reply()
        val told = LateApplication.onEventLoop {
            launched(Dispatchers.Unconfined) {
                assertRejected { shop.place() }
                LateApplication.place()
            }
        }
        store.reply()
        assertThat(told.get(10, TimeUnit.SECONDS)).isEqualTo(LateApplication.HERE)
    }

    private fun late(test: (KotlinShop, DelayedStore) -> Unit) {
        LateApplication.with(KotlinShop::class.java).run { context ->
            test(context.getBean(KotlinShop::class.java), LateApplication.store(context))
        }
    }

    private fun <T> launched(context: CoroutineContext, body: suspend () -> T): CompletableFuture<T> {
        val result = CompletableFuture<T>()
        CoroutineScope(context).launch(start = CoroutineStart.UNDISPATCHED) {
            try {
                result.complete(body())
            } catch (ex: Throwable) {
                result.completeExceptionally(ex)
            }
        }
        return result
    }

    private fun assertInvalid(bean: Class<*>, problem: String) {
        LimitedApplication.with(bean).run { context ->
            assertThat(context.startupFailure).rootCause()
                .isExactlyInstanceOf(InvalidRateLimitedException::class.java)
                .hasMessageContaining(problem)
        }
    }
}
