package io.ratelimit.applications.notes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willThrow;

import io.ratelimit.applications.notes.Notes.NoteController;
import io.ratelimit.applications.notes.Notes.NoteService;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.http.HttpStatus;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

@WebMvcTest(
        controllers = NoteController.class,
        properties = "spring.config.location=classpath:/applications/notes/test/")
class NoteControllerTests {

    @Autowired
    private MockMvcTester mvc;

    @MockitoBean
    private NoteService notes;

    @Test
    void listsTheNotesOfAUser() {
        given(notes.of("ann")).willReturn(List.of("milk"));
        for (int i = 0; i < 10; i++) {
            assertThat(mvc.get().uri("/notes/ann")).hasStatusOk().bodyJson().isEqualTo("[\"milk\"]");
        }
    }

    @Test
    void answersATooLongNoteWithABadRequest() {
        willThrow(new IllegalArgumentException("too long")).given(notes).add(any(), any());
        assertThat(mvc.post().uri("/notes/ann").content("milk")).hasStatus(HttpStatus.BAD_REQUEST);
    }
}
