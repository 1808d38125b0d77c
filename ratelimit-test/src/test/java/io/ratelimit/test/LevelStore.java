package io.ratelimit.test;

import io.ratelimit.Charge;
import io.ratelimit.Decision;
import io.ratelimit.Limit;
import io.ratelimit.Rate;
import io.ratelimit.RateLimitStore;
import io.ratelimit.TokenBucket;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** A store behind one lock, of levels and instants, on a clock that may be set back; and what can be wrong with it. */
final class LevelStore implements RateLimitStore {

    enum Flaw {
        NONE,
        REFILLS_A_TICK_TOO_MUCH,
        ROUNDS_ON_REFUSAL,
        ROUNDS_ON_ADMISSION,
        CHARGES_ONE_BY_ONE,
        HAS_NO_LOCK,
        TAKES_TWICE_WHEN_ASYNCHRONOUS,
        IGNORES_THE_CASE_OF_KEYS,
        JOINS_LIMIT_AND_KEY,
        FORGETS_NOTHING,
        LETS_NO_FREE_CALL_PASS,
        REFILLS_WHEN_REDEFINED,
        WRITES_NO_REFUSAL_WHEN_REDEFINED,
        WRITES_EVERY_REFUSAL_WHEN_REDEFINED,
        CREDITS_TIME_TWICE_WHEN_SET_BACK,
        STALLS_WHEN_SET_BACK,
        STARTS_PERIODS_AT_THE_EPOCH
    }

    private record Level(TokenBucket rate, long units, long time) {

        boolean isFull() {
            return units == rate.capacity();
        }
    }

    private final Map<String, Level[]> buckets = new ConcurrentHashMap<>();
    private final LongSupplier clock;
    private final Flaw flaw;

    LevelStore(LongSupplier clock, Flaw flaw) {
        this.clock = clock;
        this.flaw = flaw;
    }

    @Override
    public String name() {
        return "level";
    }

    @Override
    public Decision decide(List<Charge> charges) {
        if (flaw == Flaw.HAS_NO_LOCK) {
            return decideAll(charges);
        }
        synchronized (buckets) {
            return decideAll(charges);
        }
    }

    @Override
    public CompletionStage<Decision> decideAsync(List<Charge> charges) {
        if (flaw == Flaw.TAKES_TWICE_WHEN_ASYNCHRONOUS) {
            decide(charges);
        }
        return CompletableFuture.completedFuture(decide(charges));
    }

    @Override
    public void forget(Limit limit, String key) {
        synchronized (buckets) {
            if (flaw != Flaw.FORGETS_NOTHING) {
                buckets.remove(place(limit, key));
            }
        }
    }

    @Override
    public void close() {}

    private Decision decideAll(List<Charge> charges) {
        int rates = charges.stream()
                .mapToInt(charge -> charge.limit().buckets().size())
                .sum();
        long[] levels = new long[2 * rates];
        Level[][] loaded = new Level[charges.size()][];
        boolean admitted = true;
        int at = 0;
        for (int i = 0; i < loaded.length; i++) {
            Charge charge = charges.get(i);
            loaded[i] = load(charge);
            for (Level level : loaded[i]) {
                levels[at++] = level.units;
                levels[at++] = level.rate.isInterval() ? now(level.rate) - level.time : 0;
                admitted &= level.rate.admits(level.units, charge.cost());
            }
            if (flaw == Flaw.LETS_NO_FREE_CALL_PASS) {
                admitted &= loaded[i][0].units > 0;
            }
        }
        if (flaw == Flaw.HAS_NO_LOCK) {
            Thread.yield();
        }
        for (int i = 0; i < loaded.length; i++) {
            save(charges.get(i), loaded[i], admitted);
        }
        return Decision.of(charges, admitted, levels);
    }

    private void save(Charge charge, Level[] levels, boolean admitted) {
        String place = place(charge.limit(), charge.key());
        boolean fits = fits(charge, levels);
        if (charge.cost() == 0) {
            return;
        }
        if (admitted || flaw == Flaw.CHARGES_ONE_BY_ONE && fits) {
            Level[] left = levels.clone();
            for (int i = 0; i < left.length; i++) {
                long units = levels[i].units - charge.cost() * levels[i].rate.unitsPerThousandth();
                left[i] = rounded(new Level(levels[i].rate, units, levels[i].time), Flaw.ROUNDS_ON_ADMISSION);
            }
            buckets.put(place, left);
        } else if (!fits && charge.cost() <= charge.limit().capacity() && isWrittenLate(charge, levels, place)) {
            buckets.put(place, levels);
        } else if (flaw == Flaw.ROUNDS_ON_REFUSAL) {
            Level[] left = levels.clone();
            for (int i = 0; i < left.length; i++) {
                left[i] = rounded(levels[i], Flaw.ROUNDS_ON_REFUSAL);
            }
            buckets.put(place, left);
        }
    }

    private Level rounded(Level level, Flaw by) {
        long units = level.rate.unitsPerThousandth();
        return flaw == by ? new Level(level.rate, level.units / units * units, level.time) : level;
    }

    private static boolean fits(Charge charge, Level[] levels) {
        for (Level level : levels) {
            if (!level.rate.admits(level.units, charge.cost())) {
                return false;
            }
        }
        return true;
    }

    /** Whether a refusal has to be written: the bucket is of a slower configuration, or of a time that is yet to come. */
    private boolean isWrittenLate(Charge charge, Level[] levels, String place) {
        Level[] stored = buckets.get(place);
        if (stored == null) {
            return false;
        }
        for (Level level : stored) {
            if (now(level.rate) < level.time - ticksToFill(level.rate, level.rate.capacity())) {
                return flaw != Flaw.STALLS_WHEN_SET_BACK;
            }
        }
        if (isOf(stored, charge.limit())) {
            return false;
        }
        for (Level level : levels) {
            if (!level.rate.admits(level.units, charge.cost()) && isFaster(level.rate.rate(), origin(level, stored))) {
                return flaw != Flaw.WRITES_NO_REFUSAL_WHEN_REDEFINED;
            }
        }
        return flaw == Flaw.WRITES_EVERY_REFUSAL_WHEN_REDEFINED;
    }

    private Rate origin(Level level, Level[] stored) {
        Level most = null;
        long mostOut = -1;
        for (Level old : stored) {
            if (old.rate.rate().period().equals(level.rate.rate().period())) {
                return old.rate.rate();
            }
            Level now = refilled(old);
            long out = now.rate.capacityThousandths() - now.rate.remaining(now.units);
            if (out > mostOut) {
                mostOut = out;
                most = old;
            }
        }
        return most.rate.rate();
    }

    private static boolean isFaster(Rate one, Rate other) {
        return one.tokens().multiply(nanos(other)).compareTo(other.tokens().multiply(nanos(one))) > 0;
    }

    private static BigDecimal nanos(Rate rate) {
        return BigDecimal.valueOf(rate.period().toNanos());
    }

    private Level[] load(Charge charge) {
        List<TokenBucket> rates = charge.limit().buckets();
        Level[] stored = buckets.get(place(charge.limit(), charge.key()));
        Level[] levels = new Level[rates.size()];
        boolean known = stored != null && isOf(stored, charge.limit());
        long mostOut = 0;
        Level[] before = stored == null ? new Level[0] : stored.clone();
        for (int i = 0; i < before.length; i++) {
            before[i] = refilled(before[i]);
            long out = before[i].rate.capacityThousandths() - before[i].rate.remaining(before[i].units);
            mostOut = Math.max(mostOut, out);
        }
        for (int i = 0; i < levels.length; i++) {
            TokenBucket rate = rates.get(i);
            boolean full = stored == null || !known && flaw == Flaw.REFILLS_WHEN_REDEFINED;
            long out = full ? 0 : Math.min(mostOut, rate.capacityThousandths());
            levels[i] = new Level(rate, rate.capacity() - out * rate.unitsPerThousandth(), now(rate));
            for (Level old : before) {
                if (!full && old.rate.rate().period().equals(rate.rate().period())) {
                    levels[i] = known ? old : adopted(rate, old);
                }
            }
        }
        return levels;
    }

    private Level adopted(TokenBucket rate, Level old) {
        long units = old.rate.unitsPerThousandth() == rate.unitsPerThousandth()
                ? old.units
                : Math.min(old.rate.remaining(old.units), rate.capacityThousandths()) * rate.unitsPerThousandth();
        Level level = new Level(rate, Math.min(units, rate.capacity()), old.time);
        boolean continues = old.rate.isInterval() == rate.isInterval() && !(rate.isInterval() && level.isFull());
        return continues ? level : new Level(rate, level.units, Math.max(now(rate), old.time));
    }

    private Level refilled(Level level) {
        TokenBucket rate = level.rate;
        long now = now(rate);
        boolean setBack = now < level.time - ticksToFill(rate, rate.capacity());
        boolean redated = setBack || flaw == Flaw.CREDITS_TIME_TWICE_WHEN_SET_BACK && now < level.time;
        long since = redated ? now : level.time;
        long ticks = Math.max(0, now - since);
        if (flaw == Flaw.REFILLS_A_TICK_TOO_MUCH && ticks > 0) {
            ticks++;
        }
        long counted = rate.isInterval() ? ticks / rate.period() * rate.period() : ticks;
        if (rate.isInterval() && flaw == Flaw.STARTS_PERIODS_AT_THE_EPOCH) {
            counted = now / rate.period() * rate.period() - since / rate.period() * rate.period();
        }
        long units = counted >= ticksToFill(rate, rate.capacity() - level.units)
                ? rate.capacity()
                : level.units + (rate.isInterval() ? counted / rate.period() : counted) * rate.refill();
        return new Level(rate, units, units == rate.capacity() ? Math.max(now, since) : since + counted);
    }

    private static long ticksToFill(TokenBucket rate, long units) {
        long steps = (units + rate.refill() - 1) / rate.refill();
        return rate.isInterval() ? steps * rate.period() : steps;
    }

    private static boolean isOf(Level[] levels, Limit limit) {
        if (levels.length != limit.buckets().size()) {
            return false;
        }
        for (int i = 0; i < levels.length; i++) {
            TokenBucket rate = limit.buckets().get(i);
            if (!levels[i].rate.rate().equals(rate.rate()) || levels[i].rate.isInterval() != rate.isInterval()) {
                return false;
            }
        }
        return true;
    }

    private long now(TokenBucket rate) {
        return clock.getAsLong() / rate.tickNanos();
    }

    private String place(Limit limit, String key) {
        String written = flaw == Flaw.IGNORES_THE_CASE_OF_KEYS ? key.toLowerCase(Locale.ROOT) : key;
        return limit.name() + (flaw == Flaw.JOINS_LIMIT_AND_KEY ? "." : " ") + written;
    }
}
