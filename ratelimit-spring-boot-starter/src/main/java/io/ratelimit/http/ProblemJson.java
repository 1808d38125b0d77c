package io.ratelimit.http;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.http.ProblemDetail;

/** Writes problem details as JSON where the message converters of the application cannot be asked. */
final class ProblemJson {

    private ProblemJson() {}

    /**
     * Writes the members that have a value.
     *
     * @param problem its properties are texts or lists of texts
     * @param path the path of the request
     */
    static byte[] write(ProblemDetail problem, String path) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (problem.getType() != null) {
            members.put("type", problem.getType());
        }
        if (problem.getTitle() != null) {
            members.put("title", problem.getTitle());
        }
        members.put("status", problem.getStatus());
        if (problem.getDetail() != null) {
            members.put("detail", problem.getDetail());
        }
        members.put("instance", path);
        if (problem.getProperties() != null) {
            members.putAll(problem.getProperties());
        }
        return members.entrySet().stream()
                .map(member -> text(member.getKey()) + ":" + value(member.getValue()))
                .collect(Collectors.joining(",", "{", "}"))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String value(Object value) {
        if (value instanceof Integer number) {
            return number.toString();
        }
        return value instanceof Collection<?> texts
                ? texts.stream().map(ProblemJson::text).collect(Collectors.joining(",", "[", "]"))
                : text(value);
    }

    private static String text(Object value) {
        StringBuilder text = new StringBuilder("\"");
        value.toString().chars().forEach(character -> {
            if (character == '"' || character == '\\') {
                text.append('\\').append((char) character);
            } else if (character < ' ') {
                text.append(String.format("\\u%04x", character));
            } else {
                text.append((char) character);
            }
        });
        return text.append('"').toString();
    }
}
