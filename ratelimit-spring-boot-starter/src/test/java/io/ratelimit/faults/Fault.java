package io.ratelimit.faults;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** A test that causes a fault and checks what callers observe, in the given number of rounds, each with a seed. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Tag("fault")
@ParameterizedTest(name = "round {index}, seed {0}")
@ArgumentsSource(Rounds.class)
public @interface Fault {}
