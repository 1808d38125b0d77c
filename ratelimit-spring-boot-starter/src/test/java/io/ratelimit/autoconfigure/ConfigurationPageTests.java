package io.ratelimit.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The page of all properties matches the configuration metadata; {@code -Ddocs.write=true} writes it. */
class ConfigurationPageTests {

    private static final Path PAGE = Path.of("..", "docs", "configuration.md");
    private static final String COMMAND =
            "./mvnw -pl ratelimit-spring-boot-starter -am test -Dtest=ConfigurationPageTests"
                    + " -Ddocs.write=true -Dsurefire.failIfNoSpecifiedTests=false";

    /** Headings in the order of the page, by the prefix of their properties. */
    private static final Map<String, String> HEADINGS = Map.of(
            "ratelimit", "General",
            "ratelimit.defaults", "Properties of a limit",
            "ratelimit.memory", "Memory",
            "ratelimit.redis", "Redis",
            "ratelimit.aop", "Annotated methods");

    private static final List<String> ORDER =
            List.of("ratelimit.defaults", "ratelimit", "ratelimit.memory", "ratelimit.redis", "ratelimit.aop");

    private static final Comparator<String> SECTIONS = Comparator.<String>comparingInt(
                    prefix -> ORDER.contains(prefix) ? ORDER.indexOf(prefix) : ORDER.size())
            .thenComparing(Comparator.naturalOrder());

    @Test
    void thePageIsUpToDate() throws IOException {
        String page = render();
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE)
                .as("docs/configuration.md is not what the metadata says; write it with\n" + COMMAND)
                .hasContent(page);
    }

    @Test
    void thePageNamesEveryPropertyAndEveryPartOfARate() throws IOException {
        String page = Files.readString(PAGE);
        assertThat(properties())
                .allSatisfy(property -> assertThat(page)
                        .contains("`" + name(property).replace("ratelimit.defaults.", "ratelimit.limits.NAME.") + "`"));
        assertThat(RateProperties.class.getRecordComponents())
                .allSatisfy(part -> assertThat(page).contains(part.getName() + ":"));
    }

    private static String render() throws IOException {
        Map<String, List<JsonNode>> groups = properties().stream()
                .collect(Collectors.groupingBy(
                        property -> prefix(name(property)), () -> new TreeMap<>(SECTIONS), Collectors.toList()));
        StringBuilder sections = new StringBuilder();
        groups.forEach((prefix, properties) -> sections.append(section(prefix, properties)));
        return resource("/documentation/configuration.md")
                .replace("{{command}}", COMMAND)
                .replace("{{properties}}", sections.toString().strip());
    }

    private static String section(String prefix, List<JsonNode> properties) {
        StringBuilder text = new StringBuilder("## ")
                .append(HEADINGS.getOrDefault(prefix, "`" + prefix + "`"))
                .append("\n\n");
        if (prefix.equals("ratelimit.defaults")) {
            text.append(
                    "Each of these can also be set under `ratelimit.defaults`, for all limits that do not set it.\n\n");
        }
        text.append("| property | type | default | description |\n|---|---|---|---|\n");
        for (JsonNode property : properties) {
            text.append("| `")
                    .append(name(property).replace("ratelimit.defaults.", "ratelimit.limits.NAME."))
                    .append("` | ")
                    .append(type(property.path("type").asString()))
                    .append(" | ")
                    .append(
                            property.path("defaultValue").isMissingNode()
                                    ? ""
                                    : "`" + property.path("defaultValue").asString() + "`")
                    .append(" | ")
                    .append(property.path("description").asString().replace("|", "\\|"))
                    .append(" |\n");
        }
        return text.append('\n').toString();
    }

    /** The values of an enum, and otherwise the type's simple name. */
    private static String type(String name) {
        try {
            Class<?> type = Class.forName(name.replaceAll("<.*", ""));
            if (type.isEnum()) {
                return Stream.of(type.getEnumConstants())
                        .map(value ->
                                "`" + value.toString().toLowerCase(Locale.ROOT).replace('_', '-') + "`")
                        .collect(Collectors.joining(", "));
            }
            if (name.equals("java.lang.Boolean")) {
                return "`true`, `false`";
            }
            if (name.contains("<")) {
                return name.contains("RateProperties") ? "one rate or a list" : "limits by name";
            }
            return type.getSimpleName();
        } catch (ClassNotFoundException ex) {
            throw new AssertionError("The metadata names a type that does not exist: " + name, ex);
        }
    }

    private static List<JsonNode> properties() throws IOException {
        JsonNode metadata = JsonMapper.shared().readTree(resource("/META-INF/spring-configuration-metadata.json"));
        return StreamSupport.stream(metadata.path("properties").spliterator(), false)
                .filter(property -> name(property).startsWith("ratelimit."))
                .toList();
    }

    private static String name(JsonNode property) {
        return property.path("name").asString();
    }

    private static String prefix(String name) {
        return name.substring(0, name.lastIndexOf('.'));
    }

    private static String resource(String name) throws IOException {
        try (InputStream input = RateLimitProperties.class.getResourceAsStream(name)) {
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
