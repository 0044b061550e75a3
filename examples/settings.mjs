// @ts-check
/** A setting from the environment, or one line that says which is missing. @param {string} name @param {string} what */
export function setting(name, what) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set: ${what}`);
  process.exit(2);
}
