package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;

/**
 * Answers a file of cases with the real engine: `CASES ANSWERS [SECONDS]`. What it refuses to compile, fails on, or does not
 * finish within the time stands under `unanswered`, with the reason.
 */
public final class Main {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final long POLL_MS = 10;

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        JsonNode file = MAPPER.readTree(new File(arguments[0]));
        long limitMs = arguments.length > 2 ? (long) (Double.parseDouble(arguments[2]) * 1000) : 5000;
        ObjectNode answers = MAPPER.createObjectNode().put("schema", file.get("schema").asText());
        ArrayNode cases = answers.putArray("cases");
        ArrayNode unanswered = answers.putArray("unanswered");
        for (JsonNode one : file.get("cases")) {
            try {
                ((ObjectNode) one).set("expect", within(one, limitMs));
                cases.add(one);
            } catch (Throwable reason) {
                unanswered.addObject().put("id", one.get("id").asText()).put("reason", reason.toString());
            }
        }
        MAPPER.writeValue(new File(arguments[1]), answers);
        System.exit(0);
    }

    /** The engine loops for ever on some patterns and looks at no interrupt: such a thread has to be stopped. */
    @SuppressWarnings({"deprecation", "removal"})
    private static ObjectNode within(JsonNode one, long limitMs) throws Throwable {
        Attempt attempt = new Attempt(one);
        Thread thread = new Thread(attempt);
        thread.setDaemon(true);
        thread.start();
        thread.join(limitMs);
        while (thread.isAlive() && (cpuMs(thread) < limitMs || isLoadingClass(thread))) thread.join(POLL_MS);
        if (thread.isAlive()) {
            thread.stop();
            throw new TimeoutException("no answer in " + limitMs + " ms");
        }
        if (attempt.thrown != null) throw attempt.thrown;
        return attempt.answer;
    }

    private static long cpuMs(Thread thread) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.getId()) / 1_000_000;
    }

    /** A class whose initialisation was stopped can never be used again. */
    private static boolean isLoadingClass(Thread thread) {
        return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getMethodName().equals("<clinit>"));
    }

    private static final class Attempt implements Runnable {

        private final JsonNode one;
        private volatile ObjectNode answer;
        private volatile Throwable thrown;

        private Attempt(JsonNode one) {
            this.one = one;
        }

        @Override
        public void run() {
            try {
                answer = Replay.answer(one);
            } catch (Throwable reason) {
                thrown = reason;
            }
        }
    }
}
