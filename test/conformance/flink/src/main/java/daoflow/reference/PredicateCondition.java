package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.cep.pattern.conditions.IterativeCondition;

/** A predicate of the case schema as a condition of the engine. */
final class PredicateCondition extends IterativeCondition<Event> {

    private final transient JsonNode predicate;

    PredicateCondition(JsonNode predicate) {
        this.predicate = predicate;
    }

    @Override
    public boolean filter(Event event, Context<Event> matched) throws Exception {
        return holds(predicate, event, matched);
    }

    private static boolean holds(JsonNode predicate, Event event, Context<Event> matched) throws Exception {
        if (predicate.has("and")) {
            for (JsonNode part : predicate.get("and")) if (!holds(part, event, matched)) return false;
            return true;
        }
        if (predicate.has("or")) {
            for (JsonNode part : predicate.get("or")) if (holds(part, event, matched)) return true;
            return false;
        }
        if (predicate.has("not")) return !holds(predicate.get("not"), event, matched);
        if (predicate.has("true")) return true;
        if (predicate.has("isType")) return event.isType(predicate.get("isType").asText());
        if (!predicate.has("cmp")) throw new IllegalArgumentException("unknown predicate " + predicate);
        JsonNode comparison = predicate.get("cmp");
        Object left = value(comparison.get(0), event, matched);
        Object right = value(comparison.get(2), event, matched);
        return Values.compare(left, comparison.get(1).asText(), right);
    }

    private static Object value(JsonNode term, Event event, Context<Event> matched) throws Exception {
        if (!term.isObject()) return Values.of(term);
        if (term.has("field")  && !term.has("agg")) return event.field(term.get("field").asText());
        return aggregate(term, event, matched);
    }

    private static Object aggregate(JsonNode term, Event event, Context<Event> matched) throws Exception {
        List<Event> events = new ArrayList<>();
        for (Event earlier : matched.getEventsForPattern(term.get("of").asText())) events.add(earlier);
        if (term.path("plusCurrent").asBoolean()) events.add(event);
        String field = term.path("field").asText();
        return switch (term.get("agg").asText()) {
            case "count" -> (double) events.size();
            case "sum" -> events.stream().mapToDouble(one -> number(one, field)).sum();
            case "first" -> events.isEmpty() ? null : events.get(0).field(field);
            case "last" -> events.isEmpty() ? null : events.get(events.size() - 1).field(field);
            default -> throw new IllegalArgumentException("unknown aggregate " + term);
        };
    }

    private static double number(Event event, String field) {
        return event.field(field) instanceof Double value ? value : 0;
    }
}
