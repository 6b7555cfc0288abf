// Sun and planets under gravity: scalar floating point with square roots and divisions. The sum
// checked is the energy, which a good integration keeps.
#include "kernel.h"

enum { kBodies = 5, kSteps = 20000 };
struct Body {
  double position[3], velocity[3], mass;
};

// Units: astronomical units, years, masses of the sun; round numbers are close enough.
static struct Body bodies[kBodies] = {
    {{0, 0, 0}, {0, 0, 0}, 1},
    {{4.84, -1.16, -0.10}, {0.61, 2.81, -0.03}, 9.55e-4},
    {{8.34, 4.12, -0.40}, {-1.01, 1.82, 0.01}, 2.86e-4},
    {{12.89, -15.11, -0.22}, {1.08, 0.87, -0.01}, 4.37e-5},
    {{15.38, -25.92, 0.18}, {0.98, 0.59, -0.03}, 5.15e-5},
};
static const double kGravity = 39.478417604357434;  // 4 pi^2

static void step(double dt) {
  for (int i = 0; i < kBodies; i++) {
    for (int j = i + 1; j < kBodies; j++) {
      double d[3], squared = 0;
      for (int k = 0; k < 3; k++) {
        d[k] = bodies[i].position[k] - bodies[j].position[k];
        squared += d[k] * d[k];
      }
      double pull = kGravity * dt / (squared * sqrt(squared));
      for (int k = 0; k < 3; k++) {
        bodies[i].velocity[k] -= d[k] * bodies[j].mass * pull;
        bodies[j].velocity[k] += d[k] * bodies[i].mass * pull;
      }
    }
  }
  for (int i = 0; i < kBodies; i++) {
    for (int k = 0; k < 3; k++) bodies[i].position[k] += dt * bodies[i].velocity[k];
  }
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < kBodies; i++) {
    double speed = 0;
    for (int k = 0; k < 3; k++) speed += bodies[i].velocity[k] * bodies[i].velocity[k];
    sum += bodies[i].mass * speed / 2;
    for (int j = i + 1; j < kBodies; j++) {
      double squared = 0;
      for (int k = 0; k < 3; k++) {
        double d = bodies[i].position[k] - bodies[j].position[k];
        squared += d * d;
      }
      sum -= kGravity * bodies[i].mass * bodies[j].mass / sqrt(squared);
    }
  }
  return sum;
}

static double advance(uint32_t round) {
  (void)round;
  for (int i = 0; i < kSteps; i++) step(0.0005);
  return energy();
}

KERNEL(advance, 280, -1.2036284742568719, 1e-7)
