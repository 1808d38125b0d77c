package io.ratelimit.sample;

import io.ratelimit.sample.Catalogue.Product;
import io.ratelimit.sample.Catalogue.ReportLine;
import io.ratelimit.sample.Completions.Completion;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** Serves the catalogue over HTTP. A rejected call is answered with status 429 without any code here. */
@RestController
class CatalogueController {

    /** A request for a report, which costs more tokens the more rows it has. */
    record ReportRequest(String tenant, int rows) {

        ReportRequest {
            if (rows < 1) {
                throw new IllegalArgumentException("Invalid rows " + rows + ": use 1 or more");
            }
        }
    }

    /** The credentials of a user. */
    record Login(String user, String password) {}

    /** A prompt to complete, and the tenant that pays for the completion. */
    record Prompt(String tenant, String prompt) {}

    private final Catalogue catalogue;
    private final Accounts accounts;
    private final Completions completions;
    private final Exports exports;

    CatalogueController(Catalogue catalogue, Accounts accounts, Completions completions, Exports exports) {
        this.catalogue = catalogue;
        this.accounts = accounts;
        this.completions = completions;
        this.exports = exports;
    }

    @GetMapping("/search")
    List<Product> search(
            @RequestHeader(name = "X-User", defaultValue = "anonymous") String user,
            @RequestParam(name = "q", defaultValue = "") String query) {
        return catalogue.search(user, query);
    }

    @PostMapping("/reports")
    List<ReportLine> report(@RequestBody ReportRequest request) {
        return catalogue.report(request.tenant(), request.rows());
    }

    @GetMapping(path = "/export", produces = MediaType.APPLICATION_NDJSON_VALUE)
    Flux<Product> export(
            @RequestHeader(name = "X-User", defaultValue = "anonymous") String user,
            @RequestParam(name = "rows", defaultValue = "5000") int rows) {
        return exports.export(user, rows);
    }

    @GetMapping("/quote")
    Product quote(@RequestHeader(name = "X-User", defaultValue = "anonymous") String user) {
        return catalogue.quote(user);
    }

    @PostMapping("/login")
    ResponseEntity<Void> login(@RequestBody Login login) {
        boolean known = accounts.mayLogIn(login.user(), login.password());
        return ResponseEntity.status(known ? HttpStatus.NO_CONTENT : HttpStatus.UNAUTHORIZED)
                .build();
    }

    @PostMapping("/complete")
    Completion complete(@RequestBody Prompt prompt) {
        return completions.complete(prompt.tenant(), prompt.prompt());
    }
}
