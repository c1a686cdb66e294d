// What oauth4webapi, and openid-client above it, says of a request that was refused; null where it was not.

export const refusal = async (attempt) => {
  try {
    await attempt;
  } catch (error) {
    const challenge = error.cause?.[0]?.parameters?.error;
    return { name: error.name, status: error.status, error: error.error ?? challenge };
  }
  return null;
};
