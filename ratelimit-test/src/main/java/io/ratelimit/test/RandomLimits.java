package io.ratelimit.test;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.Algorithm;
import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.InvalidLimitException;
import io.ratelimit.algorithm.Rate;
import io.ratelimit.algorithm.Refill;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Creates random limits of every algorithm, from so few periods that limits of one name often share a rate. */
final class RandomLimits {

    private static final List<Duration> PERIODS = List.of(
            Duration.ofMillis(7),
            Duration.ofMillis(100),
            Duration.ofNanos(123_457_000),
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            Duration.ofSeconds(90),
            Duration.ofHours(1),
            Duration.ofDays(1));
    private static final List<ZoneId> ZONES = List.of(
            ZoneId.of("UTC"), ZoneId.of("Europe/Berlin"), ZoneId.of("Asia/Kolkata"), ZoneId.of("America/Sao_Paulo"));
    private static final int[] TOKENS = {1, 333, 500, 1_000, 2_500, 3_000, 7_000, 10_000, 60_000, 99_999, 1_000_000};

    private final Random random;

    RandomLimits(Random random) {
        this.random = random;
    }

    Limit next(String name, boolean leased) {
        while (true) {
            try {
                return leased ? leases(name) : random.nextInt(12) == 0 ? calendar(name) : rates(name);
            } catch (InvalidLimitException ex) {
                continue;
            }
        }
    }

    private Limit leases(String name) {
        Duration lease = PERIODS.get(random.nextInt(PERIODS.size()));
        return Limit.named(name).maxConcurrent(1 + random.nextInt(4), lease).build();
    }

    private Limit rates(String name) {
        Algorithm algorithm = random.nextInt(3) == 0
                ? Algorithm.TOKEN_BUCKET
                : Algorithm.values()[random.nextInt(Algorithm.values().length)];
        boolean bucket = algorithm == Algorithm.TOKEN_BUCKET;
        List<Duration> periods = new ArrayList<>(PERIODS);
        Collections.shuffle(periods, random);
        List<Rate> rates = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(6) / 3; i++) {
            BigDecimal tokens = tokens();
            rates.add(new Rate(tokens, periods.get(i), bucket ? tokens() : tokens));
        }
        return Limit.named(name)
                .rates(rates)
                .algorithm(algorithm)
                .refill(bucket && random.nextInt(3) == 0 ? Refill.INTERVAL : Refill.SMOOTH)
                .cost(BigDecimal.ZERO)
                .build();
    }

    private Limit calendar(String name) {
        CalendarPeriod calendar = CalendarPeriod.values()[random.nextInt(CalendarPeriod.values().length)];
        BigDecimal tokens = tokens();
        return Limit.named(name)
                .rates(List.of(new Rate(tokens, calendar.nominal(), tokens)))
                .algorithm(Algorithm.FIXED_WINDOW)
                .calendar(calendar, ZONES.get(random.nextInt(ZONES.size())))
                .cost(BigDecimal.ZERO)
                .build();
    }

    private BigDecimal tokens() {
        int tokens = TOKENS[random.nextInt(TOKENS.length)];
        return BigDecimal.valueOf(random.nextInt(4) == 0 ? 1 + random.nextInt(tokens) : tokens, 3);
    }
}
