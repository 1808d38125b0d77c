package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AlarmsTests {

    private final Set<Thread> before = Thread.getAllStackTraces().keySet();

    @Test
    void theThreadEndsWhenThereIsNothingToDoAndComesBack() {
        Alarms alarms = new Alarms();
        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> rang = new CompletableFuture<>();
            alarms.in(1_000_000, () -> rang.complete("rang"));
            assertThat(timers()).hasSize(1);
            assertThat(rang.join()).isEqualTo("rang");
            await().until(() -> timers().isEmpty());
        }
    }

    @Test
    void theThreadStaysForWhatHappensAgainAndAgain() {
        try (Alarms alarms = new Alarms()) {
            AtomicInteger rings = new AtomicInteger();
            alarms.every(700_000_000, rings::incrementAndGet);
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
