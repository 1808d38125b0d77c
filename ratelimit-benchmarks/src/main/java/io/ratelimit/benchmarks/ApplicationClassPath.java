package io.ratelimit.benchmarks;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The entries of this JVM's class path that an application would have, which uses no other limiter. */
final class ApplicationClassPath {

    private static final Pattern STARTER = Pattern.compile("ratelimit-(core|spring-boot-starter)([-_].*)?");
    private static final Pattern REDIS =
            Pattern.compile("(.*redis|lettuce|netty|spring-boot-netty|reactor|spring-data|spring-boot-data)([-_].*)?");
    private static final Pattern NOT_OF_AN_APPLICATION = Pattern.compile(
            "(bucket4j|resilience4j|redisson|failsafe|guava|cache-api|jcache|spring-cloud|spring-boot-cache"
                    + "|spring-boot-starter-cache|embedded-redis|jmh-core|ratelimit-test)([-_].*)?");

    private ApplicationClassPath() {}

    static String of(boolean starter, boolean redis) {
        Predicate<String> dropped = NOT_OF_AN_APPLICATION
                .asMatchPredicate()
                .or(starter ? name -> false : STARTER.asMatchPredicate())
                .or(redis ? name -> false : REDIS.asMatchPredicate());
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !dropped.test(name(Path.of(entry))))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Returns the name of a jar, or of the module to which a folder of classes belongs. */
    private static String name(Path entry) {
        Path module = entry.endsWith(Path.of("target", "classes"))
                ? entry.resolve("../..").normalize()
                : entry;
        return String.valueOf(module.getFileName());
    }
}
