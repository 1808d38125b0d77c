package io.ratelimit.applications.notes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ratelimit.applications.notes.Notes.NoteService;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.client.RestClient;

@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = "spring.config.location=classpath:/applications/notes/test/")
class NotesApplicationTests {

    @Autowired
    private NoteService notes;

    @LocalServerPort
    private int port;

    @Test
    void keepsNotes() {
        RestClient client = RestClient.create("http://localhost:" + port);
        for (int i = 0; i < 5; i++) {
            client.post().uri("/notes/ann").body("milk").retrieve().toBodilessEntity();
        }
        assertThat(client.get().uri("/notes/ann").retrieve().body(String[].class))
                .hasSize(5)
                .containsOnly("milk");
    }

    @Test
    void rejectsALongNote() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> notes.add("bob", "a note of many letters"))
                .withMessage("longer than 10");
        assertThat(notes.of("bob")).isEmpty();
    }
}
