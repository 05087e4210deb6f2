package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;

/** An event as a case describes it; the same label fed twice is the same object. */
record Event(String label, JsonNode fields) {

    boolean isType(String type) {
        return type.equals(fields.path("type").asText());
    }

    /** A string, a number as a double, a boolean, or null. */
    Object field(String name) {
        return Values.of(fields.get(name));
    }
}
