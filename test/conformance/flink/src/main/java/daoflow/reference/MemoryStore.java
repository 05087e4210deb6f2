package daoflow.reference;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.MapState;

/** The state of one key in plain maps: the engine's buffer asks for nothing else. */
final class MemoryStore {

    private MemoryStore() {}

    static KeyedStateStore open() {
        return (KeyedStateStore) Proxy.newProxyInstance(
            KeyedStateStore.class.getClassLoader(),
            new Class<?>[] {KeyedStateStore.class},
            (proxy, method, arguments) -> {
                if (MapState.class.equals(method.getReturnType())) return new MemoryMap<>();
                throw new UnsupportedOperationException(method.toString());
            });
    }

    private static final class MemoryMap<K, V> implements MapState<K, V> {

        private final Map<K, V> entries = new HashMap<>();

        @Override
        public V get(K key) {
            return entries.get(key);
        }

        @Override
        public void put(K key, V value) {
            entries.put(key, value);
        }

        @Override
        public void putAll(Map<K, V> added) {
            entries.putAll(added);
        }

        @Override
        public void remove(K key) {
            entries.remove(key);
        }

        @Override
        public boolean contains(K key) {
            return entries.containsKey(key);
        }

        @Override
        public Iterable<Map.Entry<K, V>> entries() {
            return entries.entrySet();
        }

        @Override
        public Iterable<K> keys() {
            return entries.keySet();
        }

        @Override
        public Iterable<V> values() {
            return entries.values();
        }

        @Override
        public Iterator<Map.Entry<K, V>> iterator() {
            return entries.entrySet().iterator();
        }

        @Override
        public boolean isEmpty() {
            return entries.isEmpty();
        }

        @Override
        public void clear() {
            entries.clear();
        }
    }
}
