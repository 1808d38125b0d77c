package io.ratelimit.applications.notes;

import io.ratelimit.annotation.KeyResolver;
import io.ratelimit.annotation.RateLimited;
import io.ratelimit.annotation.RateLimitedCall;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Service;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The controller, the service and the key of an application that keeps the notes of users. */
final class Notes {

    private Notes() {}

    @RestController
    static class NoteController {

        private final NoteService notes;

        NoteController(NoteService notes) {
            this.notes = notes;
        }

        @GetMapping("/notes/{user}")
        @RateLimited(limit = "notes-read", key = "#user + '@' + #root.method.name")
        public List<String> list(@PathVariable String user) {
            return notes.of(user);
        }

        @PostMapping("/notes/{user}")
        @ResponseStatus(HttpStatus.CREATED)
        @RateLimited(limit = "notes-write", keyResolver = Owner.class)
        public void add(@PathVariable String user, @RequestBody String text) {
            notes.add(user, text);
        }

        @ExceptionHandler
        @ResponseStatus(HttpStatus.BAD_REQUEST)
        String tooLong(IllegalArgumentException ex) {
            return String.valueOf(ex.getMessage());
        }
    }

    @Service
    static class NoteService {

        private final Map<String, List<String>> notes = new ConcurrentHashMap<>();
        private final int longest;

        NoteService(@Value("${notes.longest}") int longest) {
            this.longest = longest;
        }

        @RateLimited(limit = "notes-read", key = "#user")
        public List<String> of(String user) {
            return notes.getOrDefault(user, List.of());
        }

        @RateLimited(limit = "notes-write", key = "#user")
        public void add(String user, String text) {
            if (text.length() > longest) {
                throw new IllegalArgumentException("longer than " + longest);
            }
            notes.computeIfAbsent(user, name -> new CopyOnWriteArrayList<>()).add(text);
        }
    }

    @Component
    static class Owner implements KeyResolver {

        @Override
        public Object key(RateLimitedCall call) {
            return "owner:" + call.args()[0];
        }
    }
}
