package io.ratelimit.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The script that decides, and how a server comes to know it.
 *
 * <p>It is called by its hash. A server that does not know it, after a restart or {@code SCRIPT FLUSH} or as one more node of a
 * cluster, says so and gets the text. Servers from version 7 on read in its first line that it may run when memory is
 * short; older ones do not compile that line, and get the script without it from their first answer on.
 */
final class BucketScript {

    private static final String FLAGS = "#!lua flags=allow-oom\n";
    private static final long RETRY_MILLIS = 10;

    private final RedisDriver driver;
    private final Text plain;
    private volatile Text text;

    BucketScript(RedisDriver driver, String lua) {
        this.driver = driver;
        this.plain = Text.of(lua);
        this.text = Text.of(FLAGS + lua);
    }

    /** The script as it is packaged. */
    static String packaged() {
        try (InputStream in = BucketScript.class.getResourceAsStream("decide.lua")) {
            if (in == null) {
                throw new IllegalStateException("decide.lua is missing from the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Runs the script once; a slot that is being moved is asked again until the deadline, an instant of nanoTime. */
    CompletableFuture<List<Long>> run(byte[][] keys, byte[][] args, long deadline) {
        Text current = text;
        return driver.evalSha(current.sha, keys, args)
                .exceptionallyCompose(failure -> recover(failure, current, keys, args, deadline));
    }

    private CompletableFuture<List<Long>> recover(
            Throwable failure, Text tried, byte[][] keys, byte[][] args, long deadline) {
        String answer = RedisError.answer(failure);
        if (System.nanoTime() >= deadline) {
            return CompletableFuture.failedFuture(failure);
        }
        if (answer.startsWith("NOSCRIPT")) {
            return load(tried, keys, args, deadline);
        }
        if (tried != plain && answer.contains("compiling script")) {
            text = plain;
            return load(plain, keys, args, deadline);
        }
        if (answer.startsWith("TRYAGAIN")) {
            Executor later = CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS, Runnable::run);
            return CompletableFuture.supplyAsync(() -> run(keys, args, deadline), later)
                    .thenCompose(reply -> reply);
        }
        return CompletableFuture.failedFuture(failure);
    }

    private CompletableFuture<List<Long>> load(Text tried, byte[][] keys, byte[][] args, long deadline) {
        return driver.eval(tried.bytes, keys, args)
                .exceptionallyCompose(failure -> recover(failure, tried, keys, args, deadline));
    }

    private record Text(byte[] bytes, String sha) {

        static Text of(String lua) {
            byte[] bytes = lua.getBytes(StandardCharsets.UTF_8);
            try {
                byte[] hash = MessageDigest.getInstance("SHA-1").digest(bytes);
                return new Text(bytes, HexFormat.of().formatHex(hash));
            } catch (NoSuchAlgorithmException ex) {
                throw new IllegalStateException("Every Java platform has SHA-1", ex);
            }
        }
    }
}
