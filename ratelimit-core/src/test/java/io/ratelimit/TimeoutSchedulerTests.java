package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TimeoutSchedulerTests {

    private final Set<Thread> before = Thread.getAllStackTraces().keySet();

    @Test
    void theThreadEndsWithoutTasksAndStartsAgain() {
        TimeoutScheduler scheduler = new TimeoutScheduler();
        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> rang = new CompletableFuture<>();
            scheduler.schedule(1_000_000, () -> rang.complete("rang"));
            assertThat(timers()).hasSize(1);
            assertThat(rang.join()).isEqualTo("rang");
            await().until(() -> timers().isEmpty());
        }
    }

    @Test
    void theThreadStaysForRepeatedTasks() {
        try (TimeoutScheduler scheduler = new TimeoutScheduler()) {
            AtomicInteger rings = new AtomicInteger();
            scheduler.scheduleRepeatedly(700_000_000, rings::incrementAndGet);
            await().until(() -> rings.get() == 3);
            assertThat(timers()).hasSize(1);
        }
    }

    private List<Thread> timers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().equals("ratelimit-timer"))
                .toList();
    }
}
