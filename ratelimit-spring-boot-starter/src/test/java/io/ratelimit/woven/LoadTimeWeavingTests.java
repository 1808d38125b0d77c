package io.ratelimit.woven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.aspectj.weaver.loadtime.Agent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Classes that AspectJ's agent weaves as they are loaded, in a JVM with nothing but the agent and the jars. */
class LoadTimeWeavingTests {

    private static final String SCENARIO = "SCENARIO ";

    private static List<String> output;
    private static Map<String, String> outcomes;

    @BeforeAll
    static void runAllInAnotherJvm(@TempDir Path directory) throws IOException, InterruptedException {
        Path log = directory.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-javaagent:" + weaver(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WovenScenarios.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        output = Files.readAllLines(log);
        outcomes = output.stream()
                .filter(line -> line.startsWith(SCENARIO))
                .map(line -> line.substring(SCENARIO.length()).split(" ", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1].replace("\\n", "\n")));
    }

    static Stream<String> scenarios() {
        return WovenScenarios.names().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void loadedWithTheAgent(String scenario) {
        assertThat(outcomes.getOrDefault(scenario, "did not run: " + output)).isEqualTo("passed");
    }

    @Test
    void methodsThatProxiesCannotAdviseAreWarnedOfInProxyModeOnly() {
        assertThat(scenariosWithOutput("has no effect"))
                .containsExactly("inProxyModeWovenMethodsNeitherChargeNorBreak");
    }

    @Test
    void callsOfABeanOnItselfAreLoggedInProxyModeOnly() {
        assertThat(scenariosWithOutput("Shop$Orders#placeThroughItself(String) calls"))
                .containsExactly("inProxyModeWovenMethodsNeitherChargeNorBreak");
    }

    private static Set<String> scenariosWithOutput(String text) {
        Set<String> found = new HashSet<>();
        boolean contained = false;
        for (String line : output) {
            contained |= line.contains(text);
            if (line.startsWith(SCENARIO)) {
                if (contained) {
                    found.add(line.split(" ")[1]);
                }
                contained = false;
            }
        }
        return found;
    }

    private static Path weaver() {
        return Path.of(
                Agent.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    }
}
