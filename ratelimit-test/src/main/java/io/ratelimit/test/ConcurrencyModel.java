package io.ratelimit.test;

import io.ratelimit.algorithm.ConcurrencyCap;
import io.ratelimit.algorithm.LeaseState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Models leases as a list of those held and a list of those queued for, each with the tick at which it expires. */
final class ConcurrencyModel implements RateModel {

    private record Lease(long id, long cost, long end) {}

    private final ConcurrencyCap cap;
    private final List<Lease> held = new ArrayList<>();
    private final List<Lease> queue = new ArrayList<>();
    private long time;
    private long id;

    ConcurrencyModel(ConcurrencyCap cap, VirtualClock clock) {
        this.cap = cap;
        this.time = ticks(clock);
    }

    @Override
    public Duration duration() {
        return cap.leaseTime();
    }

    @Override
    public long tokens() {
        return 1_000L * cap.max();
    }

    @Override
    public long capacity() {
        return 1_000L * cap.max();
    }

    @Override
    public long tickNanos() {
        return 1_000_000;
    }

    @Override
    public RateModel now(VirtualClock clock) {
        ConcurrencyModel leases = new ConcurrencyModel(cap, clock);
        boolean setBack = clockMovedBack(clock);
        leases.time = setBack ? ticks(clock) : Math.max(ticks(clock), time);
        leases.addAll(this, setBack ? leases.time + period() : Long.MAX_VALUE);
        return leases;
    }

    private void addAll(ConcurrencyModel other, long latest) {
        for (Lease lease : other.held) {
            if (lease.end > time) {
                held.add(new Lease(lease.id, lease.cost, Math.min(lease.end, latest)));
            }
        }
        for (Lease lease : other.queue) {
            if (lease.end > time) {
                queue.add(new Lease(lease.id, lease.cost, Math.min(lease.end, latest)));
            }
        }
    }

    @Override
    public void setLease(long lease) {
        id = lease;
    }

    @Override
    public boolean clockMovedBack(VirtualClock clock) {
        return ticks(clock) < time - period();
    }

    @Override
    public boolean isFull() {
        return held.isEmpty() && queue.isEmpty();
    }

    @Override
    public long free() {
        long own = held.stream()
                .filter(lease -> id != 0 && lease.id == id)
                .mapToLong(Lease::cost)
                .sum();
        return Math.max(0, capacity() - others() - own);
    }

    private long others() {
        return Stream.concat(held.stream(), queue.stream())
                .filter(lease -> id == 0 || lease.id != id)
                .mapToLong(Lease::cost)
                .sum();
    }

    @Override
    public long used() {
        return Math.min(
                capacity(),
                Stream.concat(held.stream(), queue.stream())
                        .mapToLong(Lease::cost)
                        .sum());
    }

    /**
     * Returns the tokens that other leases hold at a tick, plus those queued for before the lease of the call, or all
     * that are queued for if that lease is not in the queue.
     */
    private long takenBefore(long lease, long instant) {
        long taken = 0;
        for (Lease each : held) {
            taken += each.end > instant && (lease == 0 || each.id != lease) ? each.cost : 0;
        }
        for (Lease each : queue) {
            if (lease != 0 && each.id == lease) {
                break;
            }
            taken += each.end > instant ? each.cost : 0;
        }
        return taken;
    }

    @Override
    public OptionalLong ticksUntilAdmitted(long cost) {
        if (cost > capacity()) {
            return OptionalLong.empty();
        }
        return cost == 0
                ? OptionalLong.of(0)
                : LongStream.concat(LongStream.of(time), ends())
                        .filter(instant -> takenBefore(id, instant) + cost <= capacity())
                        .map(instant -> instant - time)
                        .min();
    }

    @Override
    public boolean canWait() {
        return false;
    }

    @Override
    public long reset() {
        return ends().max().orElse(time) - time;
    }

    @Override
    public long time() {
        return time;
    }

    @Override
    public void consume(long cost, long granted) {
        leave(id);
        held.add(new Lease(id, cost, time + period()));
    }

    @Override
    public void queue(long cost) {
        if (cost > 0 && state() == LeaseState.LOST) {
            queue.add(new Lease(id, cost, time + period()));
        } else {
            renew();
        }
    }

    @Override
    public boolean leaveQueue() {
        return queue.removeIf(lease -> lease.id == id);
    }

    @Override
    public LeaseState renew() {
        held.replaceAll(this::renewed);
        queue.replaceAll(this::renewed);
        return state();
    }

    private Lease renewed(Lease lease) {
        return lease.id == id && id != 0 ? new Lease(id, lease.cost, time + period()) : lease;
    }

    private LeaseState state() {
        if (held.stream().anyMatch(lease -> lease.id == id)) {
            return LeaseState.HELD;
        }
        return queue.stream()
                .filter(lease -> lease.id == id)
                .findFirst()
                .map(own -> takenBefore(id, time) + own.cost <= capacity() ? LeaseState.READY : LeaseState.WAITING)
                .orElse(LeaseState.LOST);
    }

    /** Does nothing, because a running call has no debt. */
    @Override
    public void debit(long cost) {}

    @Override
    public void refund(long cost, long granted) {
        held.replaceAll(lease -> lease.id == id ? new Lease(id, lease.cost - cost, lease.end) : lease);
        queue.replaceAll(lease -> lease.id == id ? new Lease(id, lease.cost - cost, lease.end) : lease);
        held.removeIf(lease -> lease.cost <= 0);
        queue.removeIf(lease -> lease.cost <= 0);
    }

    private void leave(long lease) {
        held.removeIf(each -> each.id == lease && lease != 0);
        queue.removeIf(each -> each.id == lease && lease != 0);
    }

    @Override
    public boolean canMigrateFrom(RateModel other) {
        return other instanceof ConcurrencyModel;
    }

    @Override
    public void migrateFrom(RateModel other) {
        time = other.time();
        addAll((ConcurrencyModel) other, Long.MAX_VALUE);
    }

    @Override
    public void migrateFrom(long used) {
        if (used > 0) {
            held.add(new Lease(0, Math.min(used, capacity()), time + period()));
        }
    }

    private LongStream ends() {
        return LongStream.concat(
                held.stream().mapToLong(Lease::end), queue.stream().mapToLong(Lease::end));
    }
}
