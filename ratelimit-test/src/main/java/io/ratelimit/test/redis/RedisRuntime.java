package io.ratelimit.test.redis;

/** Starts and ends one server, always on the same port: as a process on this machine, or in Docker. */
interface RedisRuntime {

    /** The address on which every server listens. */
    String HOST = "127.0.0.1";

    /**
     * Starts the server and waits until it answers.
     *
     * @throws IllegalStateException if it does not answer within ten seconds; the server is then ended
     */
    void start();

    /**
     * Ends the server at once, even if it is frozen. Its data is lost, but not its configuration, such as its place in
     * a cluster.
     */
    void end();

    /** Pauses the server at any point of its work. Its connections stay open. */
    void freeze();

    /** Lets a frozen server continue. */
    void thaw();

    /** Deletes all files of the server, which has ended. */
    void clear();
}
