// What the peers in JavaScript have in common that serve a game with much that moves. It is that of bench/herd.py.

export const ENTITIES = 60;
export const PERIOD = 50;
export const HEALTH = 100;
export const SIZE = 600;

const STEP = 6;

function rounded(value) {
    return Math.round(value * 100) / 100;
}

function within(value) {
    return Math.min(Math.max(value, 0), SIZE);
}

export function anywhere() {
    return rounded(Math.random() * SIZE);
}

export function below(count) {
    return Math.floor(Math.random() * count);
}

/** Where somebody is after a tick. Their heading is changed only where they turn round. */
export function move(entity) {
    const angle = (entity.heading * Math.PI) / 180;
    const x = entity.x + STEP * Math.cos(angle);
    const y = entity.y + STEP * Math.sin(angle);
    if (x < 0 || x > SIZE || y < 0 || y > SIZE) {
        entity.heading = (entity.heading + 180) % 360;
    }
    entity.x = rounded(within(x));
    entity.y = rounded(within(y));
}

/** What happens at a tick; `at` gives the entity with a number. */
export function tick(entities, at) {
    entities.forEach(move);
    at(below(ENTITIES)).heading = below(360);
    const hit = at(below(ENTITIES));
    hit.hp = hit.hp - 1 || HEALTH;
}
