package io.ratelimit.applications.orders;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Tells the state of orders: an application of WebFlux whose controller and service are limited. */
@SpringBootApplication
public class OrdersApplication {}
