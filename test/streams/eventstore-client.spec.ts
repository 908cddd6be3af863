import * as eventstore from '@eventstore/db-client';
import { clientContract, eventsOf, taken } from './client-contract.js';

clientContract("EventStoreDB's client", (url) => {
  const client = eventstore.EventStoreDBClient.connectionString(url);
  return {
    append: (stream, events, expectedRevision) => {
      const proposed = events.map((event) => eventstore.jsonEvent(event));
      return client.appendToStream(stream, proposed, {
        expectedRevision: expectedRevision as eventstore.AppendExpectedRevision,
      });
    },
    read: (stream, options) => taken(client.readStream(stream, options)),
    readAll: (options) => taken(client.readAll(options)),
    follow: (stream) => eventsOf(client.subscribeToStream(stream)),
    followAll: (prefix, onCheckpoint) => {
      const filter = eventstore.streamNameFilter({
        prefixes: [prefix],
        checkpointInterval: 1,
        maxSearchWindow: 4,
        checkpointReached: onCheckpoint,
      });
      return eventsOf(client.subscribeToAll({ fromPosition: 'start', filter }));
    },
    setMetadata: (stream, metadata) => client.setStreamMetadata(stream, metadata),
    metadata: (stream) => client.getStreamMetadata(stream),
    delete: (stream) => client.deleteStream(stream),
    tombstone: (stream) => client.tombstoneStream(stream),
    persist: (stream) => {
      const settings = eventstore.persistentSubscriptionToStreamSettingsFromDefaults();
      return client.createPersistentSubscriptionToStream(stream, 'group', settings);
    },
    dispose: () => client.dispose(),
  };
});
