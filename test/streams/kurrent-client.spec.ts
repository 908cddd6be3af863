import * as kurrent from '@kurrent/kurrentdb-client';
import { clientContract, eventsOf, taken } from './client-contract.js';

clientContract("Its successor, KurrentDB's client", (url) => {
  const client = kurrent.KurrentDBClient.connectionString(url.replace('esdb:', 'kurrentdb:'));
  return {
    append: (stream, events, streamState) => {
      const proposed = events.map((event) => kurrent.jsonEvent(event));
      return client.appendToStream(stream, proposed, {
        streamState: streamState as kurrent.AppendStreamState,
      });
    },
    read: (stream, options) => taken(client.readStream(stream, options)),
    readAll: (options) => taken(client.readAll(options)),
    follow: (stream) => eventsOf(client.subscribeToStream(stream)),
    followAll: (prefix, onCheckpoint) => {
      const filter = kurrent.streamNameFilter({
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
      const settings = kurrent.persistentSubscriptionToStreamSettingsFromDefaults();
      return client.createPersistentSubscriptionToStream(stream, 'group', settings);
    },
    dispose: () => client.dispose(),
  };
});
