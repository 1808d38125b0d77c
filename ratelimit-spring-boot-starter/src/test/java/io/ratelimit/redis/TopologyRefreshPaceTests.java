package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TopologyRefreshPaceTests {

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);
    private final TopologyRefreshPace pace = new TopologyRefreshPace(clock::get);

    @Test
    void thePausesGrowWithTheTimeSinceTheFirstRefreshUpToHalfAMinute() {
        List<Integer> seconds = refreshes(300);

        assertThat(seconds)
                .startsWith(0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86)
                .hasSizeBetween(20, 25);
        assertThat(seconds.get(seconds.size() - 1) - seconds.get(seconds.size() - 2))
                .isEqualTo(30);
    }

    @Test
    void afterTenSecondsWithoutAQuestionThePausesAreShortAgain() {
        refreshes(100);
        advance(11);

        assertThat(refreshes(5)).containsExactly(0, 1, 2, 3, 4);
    }

    private List<Integer> refreshes(int seconds) {
        List<Integer> refreshed = new ArrayList<>();
        for (int second = 0; second < seconds; second++) {
            if (pace.mayRefresh()) {
                refreshed.add(second);
            }
            advance(1);
        }
        return refreshed;
    }

    private void advance(int seconds) {
        clock.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
