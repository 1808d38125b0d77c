package io.ratelimit.redis;

import io.ratelimit.Charge;
import io.ratelimit.algorithm.Observations;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The limits and costs of a call that the short path of the script can decide. Calls whose limits and costs are equal
 * differ only in their keys, and have the same shape.
 *
 * @param limits the limit of each charge
 * @param costs the cost of each charge, in thousandths of a token
 */
record PackedCharges(List<PackedLimit> limits, List<Long> costs) {

    /** The most charges that have a packed form: a shape has one byte for their number. */
    static final int MOST = 255;

    /** Returns the packed form of charges; null if one of their limits has none, or if there are too many or none. */
    static @Nullable PackedCharges of(List<Charge> charges, Function<Charge, @Nullable PackedLimit> packing) {
        if (charges.isEmpty() || charges.size() > MOST) {
            return null;
        }
        List<PackedLimit> limits = new ArrayList<>(charges.size());
        List<Long> costs = new ArrayList<>(charges.size());
        for (Charge charge : charges) {
            PackedLimit limit = packing.apply(charge);
            if (limit == null) {
                return null;
            }
            limits.add(limit);
            costs.add(charge.cost());
        }
        return new PackedCharges(limits, costs);
    }

    /** Returns the argument of the script that the header of the script calls a shape. */
    byte[] shape() {
        ByteArrayOutputStream shape = new ByteArrayOutputStream();
        shape.write(limits.size());
        for (int i = 0; i < limits.size(); i++) {
            limits.get(i).writeTo(shape, costs.get(i));
        }
        return shape.toByteArray();
    }

    /** Reads the state of each key in a result of the short path, at the time of the result. */
    long[][] readStates(LongSupplier next, long micros) {
        long[][] states = new long[limits.size()][];
        for (int i = 0; i < states.length; i++) {
            states[i] = limits.get(i).readState(next, micros);
        }
        return states;
    }

    /** Returns what the next request observes, and then consumes its costs if it is admitted. */
    Observations decide(long[][] states, long micros, boolean admitted) {
        Observations observations = Observations.ofRates(states.length);
        for (int i = 0; i < states.length; i++) {
            PackedLimit limit = limits.get(i);
            limit.observe(states[i], micros, costs.get(i), observations, i);
            if (admitted) {
                states[i] = limit.consume(states[i], micros, costs.get(i));
            }
        }
        return observations;
    }
}
