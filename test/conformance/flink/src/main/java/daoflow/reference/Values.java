package daoflow.reference;

import com.fasterxml.jackson.databind.JsonNode;

/** JSON scalars, and how the operators of the case schema compare them. */
final class Values {

    private Values() {}

    static Object of(JsonNode node) {
        if (node == null || node.isNull() || node.isMissingNode()) return null;
        if (node.isNumber()) return node.asDouble();
        if (node.isBoolean()) return node.asBoolean();
        return node.asText();
    }

    static boolean compare(Object left, String operator, Object right) {
        return switch (operator) {
            case "==" -> left != null && left.equals(right);
            case "!=" -> left == null || !left.equals(right);
            case "contains" -> left instanceof String a && right instanceof String b && a.contains(b);
            case "startsWith" -> left instanceof String a && right instanceof String b && a.startsWith(b);
            default -> isOrdered(left, operator, right);
        };
    }

    private static boolean isOrdered(Object left, String operator, Object right) {
        int order;
        if (left instanceof Double a && right instanceof Double b) order = a.compareTo(b);
        else if (left instanceof String a && right instanceof String b) order = a.compareTo(b);
        else return false;
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            case ">=" -> order >= 0;
            default -> throw new IllegalArgumentException("unknown operator " + operator);
        };
    }
}
