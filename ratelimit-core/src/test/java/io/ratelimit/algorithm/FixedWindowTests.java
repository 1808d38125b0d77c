package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FixedWindowTests {

    private static final long HOUR = 3_600_000;
    private static final FixedWindow HUNDRED_AN_HOUR = FixedWindow.of(Rate.parse("100/h"), null, ZoneOffset.UTC);

    @ParameterizedTest
    @CsvSource({
        // count of the window, minutes into it, cost, wait in minutes
        "100000, 59, 1000,   1",
        "100000, 0,  1000,   60",
        "99000,  59, 1000,   0",
        "99000,  59, 2000,   1",
        "100000, 59, 0,      0",
        "0,      59, 100000, 0",
        "0,      59, 100001, never",
    })
    void aCostFitsInItsWindowOrAtTheStartOfTheNext(long count, long minutes, long cost, String waitMinutes) {
        long now = 9 * HOUR + minutes * 60_000;
        long[] state = count == 0 ? new long[] {now} : new long[] {now, 9 * HOUR, 10 * HOUR, count};
        long wait = HUNDRED_AN_HOUR.ticksUntilAdmitted(observed(state, now, cost), 0, cost);
        assertThat(wait)
                .isEqualTo(waitMinutes.equals("never") ? RateAlgorithm.NEVER : Long.parseLong(waitMinutes) * 60_000);
    }

    @Test
    void aWindowEndsWithItsPeriodSinceTheEpoch() {
        long[] state = HUNDRED_AN_HOUR.consume(HUNDRED_AN_HOUR.full(9 * HOUR + 5), 1_000, 9 * HOUR + 5);
        assertThat(state).containsExactly(9 * HOUR + 5, 9 * HOUR, 10 * HOUR, 1_000);
        assertThat(HUNDRED_AN_HOUR.isFull(HUNDRED_AN_HOUR.advance(state, 10 * HOUR - 1)))
                .isFalse();
        assertThat(HUNDRED_AN_HOUR.isFull(HUNDRED_AN_HOUR.advance(state, 10 * HOUR)))
                .isTrue();
    }

    @Test
    void aReservationCountsInALaterWindow() {
        long[] used = {9 * HOUR, 9 * HOUR, 10 * HOUR, 100_000};
        assertThat(HUNDRED_AN_HOUR.consume(used, 1_000, 10 * HOUR))
                .containsExactly(9 * HOUR, 9 * HOUR, 10 * HOUR, 100_000, 10 * HOUR, 11 * HOUR, 1_000);
    }

    @Test
    void aRefundGoesToTheWindowOfItsGrantAndIsVoidAfterIt() {
        long[] state = {9 * HOUR + 7, 9 * HOUR, 10 * HOUR, 3_000};
        assertThat(HUNDRED_AN_HOUR.refund(state, 1_000, 9 * HOUR + 1))
                .containsExactly(9 * HOUR + 7, 9 * HOUR, 10 * HOUR, 2_000);
        assertThat(HUNDRED_AN_HOUR.refund(state, 3_000, 9 * HOUR + 1)).containsExactly(9 * HOUR + 7);
        assertThat(HUNDRED_AN_HOUR.refund(state, 1_000, 9 * HOUR - 1)).containsExactly(state);
    }

    @Test
    void aClockThatMovedBackByMoreThanAPeriodMovesTheCountToTheCurrentWindow() {
        long[] state = {9 * HOUR, 9 * HOUR, 10 * HOUR, 3_000};
        assertThat(HUNDRED_AN_HOUR.advance(state, 8 * HOUR)).containsExactly(state);
        assertThat(HUNDRED_AN_HOUR.advance(state, 8 * HOUR - 1))
                .containsExactly(8 * HOUR - 1, 7 * HOUR, 8 * HOUR, 3_000);
    }

    @Test
    void aDebitIsAtMostTheCapacityBeyondIt() {
        long[] state = {9 * HOUR, 9 * HOUR, 10 * HOUR, 100_000};
        assertThat(HUNDRED_AN_HOUR.debit(state, 1_000_000)).containsExactly(9 * HOUR, 9 * HOUR, 10 * HOUR, 200_000);
        assertThat(HUNDRED_AN_HOUR.used(HUNDRED_AN_HOUR.debit(state, 1_000_000)))
                .isEqualTo(100_000);
    }

    @Test
    void aProjectionIsForAnyCostIfOnlyTheCurrentWindowCounts() {
        long now = 9 * HOUR + 30 * 60_000;
        Observations later = Observations.ofRates(1);
        Observations rejected = observed(new long[] {now, 9 * HOUR, 10 * HOUR, 99_000}, now, 2_000);
        assertThat(HUNDRED_AN_HOUR.project(rejected, 0, 60_000, 2_000, 5_000, later))
                .isTrue();
        assertThat(HUNDRED_AN_HOUR.ticksUntilAdmitted(later, 0, 5_000)).isEqualTo(29 * 60_000);
        Observations reserved =
                observed(new long[] {now, 9 * HOUR, 10 * HOUR, 99_000, 10 * HOUR, 11 * HOUR, 1_000}, now, 2_000);
        assertThat(HUNDRED_AN_HOUR.project(reserved, 0, 60_000, 2_000, 5_000, later))
                .isFalse();
    }

    @Test
    void aCalendarDayBeginsAtMidnightOfItsZone() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        FixedWindow days = FixedWindow.of(Rate.parse("10/1d"), CalendarPeriod.DAY, berlin);
        long noon = Instant.parse("2026-01-15T11:00:00Z").toEpochMilli();
        assertThat(days.consume(days.full(noon), 1_000, noon))
                .containsExactly(
                        noon,
                        Instant.parse("2026-01-14T23:00:00Z").toEpochMilli(),
                        Instant.parse("2026-01-15T23:00:00Z").toEpochMilli(),
                        1_000);
        assertThat(days.asCalendarWindows()).hasToString("DAY Europe/Berlin");
        assertThat(HUNDRED_AN_HOUR.asCalendarWindows()).isNull();
    }

    @Test
    void windowsOfAnotherCalendarOrZoneCannotBeMigrated() {
        FixedWindow berlin = days("Europe/Berlin");
        assertThat(berlin.canMigrateFrom(days("Europe/Berlin"))).isTrue();
        assertThat(berlin.canMigrateFrom(days("Asia/Tokyo"))).isFalse();
        FixedWindow plain = FixedWindow.of(Rate.parse("10/1d"), null, ZoneOffset.UTC);
        assertThat(berlin.canMigrateFrom(plain)).isFalse();
        assertThat(plain.canMigrateFrom(berlin)).isFalse();
        assertThat(plain.canMigrateFrom(FixedWindow.of(Rate.parse("20/1d"), null, ZoneId.of("Asia/Tokyo"))))
                .isTrue();
    }

    @Test
    void aPeriodThatIsNotTheCalendarsIsInvalid() {
        assertThatThrownBy(() -> FixedWindow.of(Rate.parse("5/10m"), CalendarPeriod.MONTH, ZoneOffset.UTC))
                .isInstanceOf(InvalidLimitException.class)
                .hasMessageContaining("write 5/30d for a month");
    }

    private static FixedWindow days(String zone) {
        return FixedWindow.of(Rate.parse("10/1d"), CalendarPeriod.DAY, ZoneId.of(zone));
    }

    private static Observations observed(long[] state, long now, long cost) {
        Observations observations = Observations.ofRates(1);
        HUNDRED_AN_HOUR.observe(HUNDRED_AN_HOUR.advance(state, now), now, cost, observations, 0);
        return observations;
    }
}
