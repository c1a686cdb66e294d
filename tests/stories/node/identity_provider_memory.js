// What oidc-provider keeps: in the memory of this process, over all changes of its configuration.

const kept = new Map();
// What ends with a grant.
const TOKENS = ["AccessToken", "AuthorizationCode", "RefreshToken"];

export class Memory {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    kept.set(this.key(id), payload);
  }

  async find(id) {
    return kept.get(this.key(id));
  }

  async findByUid(uid) {
    return [...kept].find(([key, payload]) => key.startsWith(this.key("")) && payload.uid === uid)?.[1];
  }

  async findByUserCode() {}

  async consume(id) {
    kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of kept) {
      if (payload.grantId === grantId && TOKENS.includes(key.split(":")[0])) kept.delete(key);
    }
  }
}
