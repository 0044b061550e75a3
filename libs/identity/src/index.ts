export { authenticate, Caller, IdentityGuard, RequireRole, VERIFIER, type CallerIdentity } from './guard.js';
export { loadOpenKey, loadSealKey, openToken, sealedDigest, sealToken } from './seal.js';
export { bearerOf, createVerifier, type Verdict, type Verifier, type VerifierOptions } from './verifier.js';
