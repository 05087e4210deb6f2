package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.flink.cep.nfa.aftermatch.AfterMatchSkipStrategy;
import org.apache.flink.cep.nfa.aftermatch.SkipToFirstStrategy;
import org.apache.flink.cep.nfa.aftermatch.SkipToLastStrategy;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.WithinType;

/** A pattern of the case schema, written with the engine's own pattern API. */
final class PatternReader {

    private PatternReader() {}

    static Pattern<Event, ?> read(JsonNode pattern) {
        Pattern<Event, ?> read = sequence(pattern.get("steps"), skip(pattern.get("skip")));
        if (pattern.has("within")) read = read.within(Duration.ofMillis(pattern.get("within").get("ms").asLong()));
        return read;
    }

    private static Pattern<Event, ?> sequence(JsonNode steps, AfterMatchSkipStrategy skip) {
        Pattern<Event, ?> pattern = null;
        for (JsonNode step : steps) pattern = qualified(linked(pattern, step, skip), step);
        return pattern;
    }

    private static Pattern<Event, ?> linked(Pattern<Event, ?> before, JsonNode step, AfterMatchSkipStrategy skip) {
        if (step.has("group")) return linkedGroup(before, step, skip);
        String name = step.get("name").asText();
        if (before == null) return Pattern.<Event>begin(name, skip);
        return switch (step.get("link").asText()) {
            case "next" -> before.next(name);
            case "followedBy" -> before.followedBy(name);
            case "followedByAny" -> before.followedByAny(name);
            case "notNext" -> before.notNext(name);
            case "notFollowedBy" -> before.notFollowedBy(name);
            default -> throw new IllegalArgumentException("unknown link " + step);
        };
    }

    @SuppressWarnings("unchecked")
    private static Pattern<Event, ?> linkedGroup(Pattern<Event, ?> before, JsonNode step, AfterMatchSkipStrategy skip) {
        Pattern<Event, Event> group = (Pattern<Event, Event>) sequence(step.get("group"), skip);
        if (before == null) return Pattern.begin(group, skip);
        Pattern<Event, Event> typed = (Pattern<Event, Event>) before;
        return switch (step.get("link").asText()) {
            case "next" -> typed.next(group);
            case "followedBy" -> typed.followedBy(group);
            case "followedByAny" -> typed.followedByAny(group);
            default -> throw new IllegalArgumentException("no such link for a group " + step);
        };
    }

    @SuppressWarnings("unchecked")
    private static Pattern<Event, ?> qualified(Pattern<Event, ?> pattern, JsonNode step) {
        Pattern<Event, Event> typed = (Pattern<Event, Event>) pattern;
        if (step.has("where")) typed = typed.where(new PredicateCondition(step.get("where")));
        if (step.has("quantifier")) typed = quantified(typed, step.get("quantifier"));
        if (step.has("gapMs")) typed = typed.within(Duration.ofMillis(step.get("gapMs").asLong()), WithinType.PREVIOUS_AND_CURRENT);
        return typed;
    }

    private static Pattern<Event, Event> quantified(Pattern<Event, Event> pattern, JsonNode quantifier) {
        Pattern<Event, Event> repeated = quantifier.has("min") || quantifier.has("max") ? repeated(pattern, quantifier) : pattern;
        repeated = switch (quantifier.path("inner").asText("relaxed")) {
            case "strict" -> repeated.consecutive();
            case "any" -> repeated.allowCombinations();
            default -> repeated;
        };
        if (quantifier.path("greedy").asBoolean()) repeated = repeated.greedy();
        if (quantifier.path("optional").asBoolean()) repeated = repeated.optional();
        if (quantifier.has("until")) repeated = repeated.until(new PredicateCondition(quantifier.get("until")));
        return repeated;
    }

    private static Pattern<Event, Event> repeated(Pattern<Event, Event> pattern, JsonNode quantifier) {
        int min = quantifier.path("min").asInt(1);
        Duration gap = quantifier.has("gapMs") ? Duration.ofMillis(quantifier.get("gapMs").asLong()) : null;
        if (quantifier.has("max") && quantifier.get("max").isNull()) {
            return min <= 1 ? pattern.oneOrMore(gap) : pattern.timesOrMore(min, gap);
        }
        int max = quantifier.path("max").asInt(min);
        return min == max ? pattern.times(min, gap) : pattern.times(min, max, gap);
    }

    static AfterMatchSkipStrategy skip(JsonNode skip) {
        if (skip == null) return AfterMatchSkipStrategy.noSkip();
        String ref = skip.path("ref").asText();
        boolean isStrict = skip.path("errorOnMiss").asBoolean();
        return switch (skip.get("strategy").asText()) {
            case "noSkip" -> AfterMatchSkipStrategy.noSkip();
            case "toNext" -> AfterMatchSkipStrategy.skipToNext();
            case "pastLast" -> AfterMatchSkipStrategy.skipPastLastEvent();
            case "toFirst" -> toFirst(AfterMatchSkipStrategy.skipToFirst(ref), isStrict);
            case "toLast" -> toLast(AfterMatchSkipStrategy.skipToLast(ref), isStrict);
            default -> throw new IllegalArgumentException("unknown skip strategy " + skip);
        };
    }

    private static AfterMatchSkipStrategy toFirst(SkipToFirstStrategy strategy, boolean isStrict) {
        return isStrict ? strategy.throwExceptionOnMiss() : strategy;
    }

    private static AfterMatchSkipStrategy toLast(SkipToLastStrategy strategy, boolean isStrict) {
        return isStrict ? strategy.throwExceptionOnMiss() : strategy;
    }
}
