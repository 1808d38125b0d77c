package io.ratelimit.faults;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Runs {@code -Dio.ratelimit.faults.rounds=3} rounds; {@code -Dio.ratelimit.faults.seed=42} repeats the first round of
 * a run that printed 42.
 */
final class Rounds implements ArgumentsProvider {

    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        Random seeds = new Random();
        Long first = Long.getLong("io.ratelimit.faults.seed");
        return Stream.concat(Stream.ofNullable(first), seeds.longs(0, 1_000_000).boxed())
                .limit(Integer.getInteger("io.ratelimit.faults.rounds", 1))
                .peek(seed -> System.out.println(context.getDisplayName() + ", seed " + seed))
                .map(Arguments::of);
    }
}
