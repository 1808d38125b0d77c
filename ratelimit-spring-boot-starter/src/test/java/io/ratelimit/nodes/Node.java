package io.ratelimit.nodes;

import io.ratelimit.Permit;
import io.ratelimit.RateLimiter;
import io.ratelimit.RateLimiterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.core.StringRedisTemplate;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** A node of an application. It reads commands from its standard input, one per line, and answers each with a line. */
final class Node {

    static final int AT_ONCE = 10;
    static final long LEASE_MILLIS = 5_000;
    static final String ANSWER = "answer: ";

    private static final int THREADS = 12;

    private final Jobs jobs;
    private final StringRedisTemplate redis;
    private final RateLimiter limiter;
    private final List<Permit> permits = new ArrayList<>();

    private Node(ConfigurableApplicationContext context) {
        this.jobs = context.getBean(Jobs.class);
        this.redis = context.getBean(StringRedisTemplate.class);
        this.limiter = context.getBean(RateLimiterRegistry.class).get("jobs");
    }

    /**
     * Runs a node until its input ends.
     *
     * @param args the port of the server
     */
    public static void main(String[] args) throws Exception {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                        .properties(
                                "spring.main.web-application-type=none",
                                "spring.data.redis.port=" + args[0],
                                "ratelimit.redis.timeout=10s",
                                "ratelimit.limits.jobs.algorithm=concurrency",
                                "ratelimit.limits.jobs.max-concurrent=" + AT_ONCE,
                                "ratelimit.limits.jobs.lease-time=" + LEASE_MILLIS + "ms",
                                "ratelimit.limits.jobs.max-wait=2m")
                        .run();
                Scanner commands = new Scanner(System.in)) {
            Node node = new Node(context);
            System.out.println(ANSWER + "ready");
            while (commands.hasNext()) {
                System.out.println(ANSWER + node.answer(commands.next(), commands.nextInt()));
            }
        }
    }

    private String answer(String command, int number) throws Exception {
        switch (command) {
            case "calls" -> callEach(number);
            case "hold" -> {
                for (int i = 0; i < number; i++) {
                    permits.add(limiter.hold("shared"));
                }
            }
            case "release" -> {
                permits.subList(0, number).forEach(Permit::close);
                permits.subList(0, number).clear();
            }
            default -> throw new IllegalArgumentException("Unknown command " + command);
        }
        return permits.size() + " held, "
                + permits.stream().filter(Permit::isLost).count() + " lost";
    }

    private void callEach(int calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        List<Future<?>> done = new ArrayList<>();
        Random random = new Random(calls);
        for (int i = 0; i < calls; i++) {
            int ending = i % 7;
            int millis = random.nextInt(20);
            done.add(threads.submit(() -> {
                call(ending, millis);
                return null;
            }));
        }
        for (Future<?> call : done) {
            call.get(5, TimeUnit.MINUTES);
        }
        threads.shutdown();
    }

    /** Some are given up before they begin, and some after. */
    private void call(int ending, int millis) throws InterruptedException {
        Run run = new Run(redis);
        switch (ending) {
            case 0 -> jobs.returns(run);
            case 1 -> ended(CompletableFuture.runAsync(() -> jobs.fails(run), Runnable::run));
            case 2 -> interrupt(run, millis);
            case 3 -> {
                CompletableFuture<String> endless = jobs.neverCompletes(run);
                TimeUnit.MILLISECONDS.sleep(millis);
                run.end();
                endless.cancel(true);
            }
            case 4 -> ended(jobs.timesOut(run));
            case 5 -> jobs.empty(run).block();
            default -> {
                Disposable endless = jobs.never(run).subscribe();
                TimeUnit.MILLISECONDS.sleep(millis);
                run.end();
                endless.dispose();
            }
        }
    }

    private void interrupt(Run run, int millis) throws InterruptedException {
        Thread sleeper = new Thread(() -> ended(Mono.fromCallable(() -> {
                    jobs.sleeps(run);
                    return "slept";
                })
                .toFuture()));
        sleeper.start();
        TimeUnit.MILLISECONDS.sleep(millis);
        while (sleeper.isAlive()) {
            sleeper.interrupt();
            sleeper.join(1);
        }
    }

    private static void ended(CompletableFuture<?> call) {
        call.handle((result, failure) -> result).join();
    }

    @EnableAutoConfiguration
    @Import(Jobs.class)
    static class Application {}
}
