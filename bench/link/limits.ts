/** What a link may be: for its own configuration, and for the plans of those who use it. */

/** Where links listen, and their admin port. */
export const LINKS_HOST = '127.0.0.1';
export const LINKS_MAX = 64;
export const LINK_NAME = /^[\w.-]{1,64}$/;
export const LINK_NAME_EXPECTED = '1 to 64 letters, digits, "_", "." or "-"';
export const ROUND_TRIP_MS_MAX = 10_000;
