// What a test does with its identity provider.

import { newKey } from "./identity_provider_configuration.js";

const now = Date.now;

export const commandsOf = (state, { up, down }) => ({
  register: ({ metadata }) => {
    state.client = { ...state.client, ...metadata };
    state.rebuild();
  },
  person: ({ sub, claims }) => {
    state.people[sub] = claims;
  },
  rotate_keys: ({ keep }) => {
    state.keys = [newKey(), ...(keep ? state.keys : [])];
    state.rebuild();
  },
  clock: ({ seconds }) => {
    Date.now = () => now() + seconds * 1000;
  },
  break_paths: ({ paths }) => {
    state.broken = paths;
  },
  forget: ({ forgetful }) => {
    state.forgetful = forgetful;
  },
  up,
  down,
  // Tells the client that a person has signed out; answers with the status that each message got.
  log_out: async ({ sub }) => {
    const client = await state.provider.Client.find(state.client.client_id);
    const told = [...(state.sids.get(sub) ?? [])].map((sid) =>
      client.backchannelLogout(sub, sid).then(() => 200, (error) => error.response?.status ?? 0),
    );
    return { statuses: await Promise.all(told) };
  },
});
