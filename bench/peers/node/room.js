// What the peers in JavaScript have in common.

const place = process.argv.indexOf("--port");

export const port = Number(process.argv[place + 1]);

export function listening() {
    console.log(`listening on ${port}`);
}

/** The last segment of a request target's path. */
export function gameOf(target) {
    const path = target.split("?", 1)[0];
    return path.slice(path.lastIndexOf("/") + 1);
}
