package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.cep.configuration.SharedBufferCacheConfig;
import org.apache.flink.cep.nfa.NFA;
import org.apache.flink.cep.nfa.NFAState;
import org.apache.flink.cep.nfa.aftermatch.AfterMatchSkipStrategy;
import org.apache.flink.cep.nfa.compiler.NFACompiler;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBuffer;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferAccessor;
import org.apache.flink.cep.pattern.Pattern;

/** Feeds the input of one case to the engine's automaton and writes down what it answers. */
final class Replay {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final TypeSerializer<Event> SERIALIZER = new KryoSerializer<>(Event.class, new SerializerConfigImpl());

    private final ArrayNode matches = JSON.arrayNode();
    private final ArrayNode timeouts = JSON.arrayNode();

    private Replay() {}

    /** @return the case's `expect` */
    static ObjectNode answer(JsonNode one) throws Exception {
        JsonNode pattern = one.get("pattern");
        NFA<Event> nfa = automaton(PatternReader.read(pattern));
        Replay replay = new Replay();
        try {
            replay.feed(one, nfa, PatternReader.skip(pattern.get("skip")));
        } catch (Exception error) {
            return JSON.objectNode().put("error", skipError(error));
        }
        ObjectNode expect = JSON.objectNode();
        expect.set("matches", replay.matches);
        if (hasTime(pattern)) expect.set("timeouts", replay.timeouts);
        return expect;
    }

    @SuppressWarnings("unchecked")
    private static NFA<Event> automaton(Pattern<Event, ?> pattern) {
        return NFACompiler.compileFactory((Pattern<Event, Event>) pattern, true).createNFA();
    }

    private void feed(JsonNode one, NFA<Event> nfa, AfterMatchSkipStrategy skip) throws Exception {
        NFAState state = nfa.createInitialNFAState();
        SharedBuffer<Event> buffer = new SharedBuffer<>(MemoryStore.open(), SERIALIZER, new SharedBufferCacheConfig());
        try {
            Map<String, Event> fed = new HashMap<>();
            int after = 0;
            for (JsonNode input : one.get("input")) {
                try (SharedBufferAccessor<Event> accessor = buffer.getAccessor()) {
                    long ts = input.has("advanceTo") ? input.get("advanceTo").asLong() : input.get("ts").asLong();
                    advance(nfa.advanceTime(accessor, state, ts, skip), after);
                    if (input.has("event")) {
                        String label = input.get("event").asText();
                        Event event = fed.computeIfAbsent(label, name -> new Event(name, one.get("events").get(name)));
                        add(nfa.process(accessor, state, event, ts, skip, () -> ts), after);
                    }
                }
                after++;
            }
        } finally {
            buffer.releaseCacheStatisticsTimer();
        }
    }

    private void advance(
            Tuple2<Collection<Map<String, List<Event>>>, Collection<Tuple2<Map<String, List<Event>>, Long>>> advanced,
            int after) {
        add(advanced.f0, after);
        for (Tuple2<Map<String, List<Event>>, Long> timeout : advanced.f1) {
            ObjectNode entry = timeouts.addObject().put("after", after).put("at", timeout.f1);
            entry.set("bind", labels(timeout.f0));
        }
    }

    private void add(Collection<Map<String, List<Event>>> complete, int after) {
        for (Map<String, List<Event>> match : complete) matches.addObject().put("after", after).set("bind", labels(match));
    }

    private static ObjectNode labels(Map<String, List<Event>> match) {
        ObjectNode bind = JSON.objectNode();
        match.forEach((name, events) -> {
            ArrayNode list = bind.putArray(name);
            for (Event event : events) list.add(event.label());
        });
        return bind;
    }

    private static boolean hasTime(JsonNode pattern) {
        return pattern.has("within") || pattern.toString().contains("\"gapMs\"");
    }

    private static String skipError(Throwable thrown) throws Exception {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("first element")) return "skipTargetIsFirstElement";
            if (message.contains("Could not skip")) return "skipTargetMissing";
        }
        throw (Exception) thrown;
    }
}
