package io.ratelimit.applications.notes;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Keeps the notes of users: an application of Spring MVC whose controller and service are limited. */
@SpringBootApplication
public class NotesApplication {}
