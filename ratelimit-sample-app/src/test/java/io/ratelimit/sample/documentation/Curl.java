package io.ratelimit.sample.documentation;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of curl that the documentation uses: {@code -i}, {@code -X}, {@code -H}, {@code -d}, {@code -w} and
 * {@code [1-11]}.
 */
final class Curl {

    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");
    private static final Pattern RANGE = Pattern.compile("\\[(\\d+)-(\\d+)]");
    private static final Set<String> SHOWN = Set.of("content-type", "retry-after", "ratelimit", "ratelimit-policy");

    private Curl() {}

    static String run(String command, int port) throws Exception {
        List<String> words = WORD.matcher(command).results().map(Curl::word).toList();
        HttpRequest.Builder request = HttpRequest.newBuilder();
        String method = "GET";
        String body = null;
        String format = null;
        String url = "";
        boolean headers = false;
        for (int i = 1; i < words.size(); i++) {
            switch (words.get(i)) {
                case "-s" -> {}
                case "-o" -> i++;
                case "-i" -> headers = true;
                case "-X" -> method = words.get(++i);
                case "-w" -> format = words.get(++i);
                case "-H" -> {
                    String[] header = words.get(++i).split(": ", 2);
                    request.header(header[0], header[1]);
                }
                case "-d" -> {
                    body = words.get(++i);
                    method = "POST";
                }
                default -> url = words.get(i);
            }
        }
        request.method(
                method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        Matcher range = RANGE.matcher(url);
        int first = range.find() ? Integer.parseInt(range.group(1)) : 1;
        int last = first == 1 && RANGE.matcher(url).find() ? Integer.parseInt(range.group(2)) : 1;
        StringBuilder output = new StringBuilder();
        for (int i = first; i <= last; i++) {
            String target =
                    range.reset().replaceFirst(String.valueOf(i)).replace("localhost:8080", "localhost:" + port);
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(request.uri(URI.create("http://" + target)).build(), HttpResponse.BodyHandlers.ofString());
            output.append(
                    format == null
                            ? text(response, headers)
                            : format.replace("%{http_code}", "" + response.statusCode()));
        }
        String printed = output.toString().strip();
        return printed.isEmpty() ? "" : printed + "\n";
    }

    private static String text(HttpResponse<String> response, boolean headers) {
        StringBuilder text = new StringBuilder();
        if (headers) {
            text.append("HTTP/1.1 ").append(response.statusCode()).append('\n');
            Map<String, String> shown = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            response.headers().map().forEach((name, values) -> shown.put(name, String.join(", ", values)));
            shown.forEach((name, value) -> text.append(header(name, value)));
            text.append('\n');
        }
        return text.append(response.body()).append('\n').toString();
    }

    private static String word(MatchResult word) {
        return word.group(1) != null ? word.group(1) : word.group(2);
    }

    /** Returns a session as {@link #run} prints it: headers sorted, without those that differ each time. */
    static String withoutOtherHeaders(String session) {
        StringBuilder text = new StringBuilder();
        Map<String, String> headers = null;
        for (String line : session.split("\n")) {
            if (line.startsWith("HTTP/1.1")) {
                headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                text.append(line.strip()).append('\n');
            } else if (headers != null && line.contains(": ")) {
                headers.put(line.split(": ", 2)[0], line.split(": ", 2)[1]);
            } else {
                if (headers != null) {
                    headers.forEach((name, value) -> text.append(header(name, value)));
                    headers = null;
                }
                text.append(line.strip()).append('\n');
            }
        }
        return text.toString();
    }

    private static String header(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        return SHOWN.contains(lower) ? lower + ": " + value + "\n" : "";
    }
}
