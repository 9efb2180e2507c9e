// Public keys made for tests, and what ssh-keygen -l prints of them. Their private halves are gone.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_PUBLIC_KEYS_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_PUBLIC_KEYS_H_

namespace rollcall {

inline constexpr char kEd25519Key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBGY+RlGddcZDU9htnUXPmcU3mRBDg8hhQTgtl9yqyyw";
inline constexpr char kEd25519Fingerprint[] = "SHA256:JKSzDYq5RQYRiun/zawxfkfkL7l2URGWk3JKhrbmLdI";

// 2048 bits.
inline constexpr char kRsaKey[] =
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDBeI3Q0h68ELBiGkS3PYyzDIb0IsD0GQeDouPHMU8jXKoTYsB6JA1hhrELNueWOKnlPAHhsyYvUnV6YjgcSP"
    "T+7ZhiYaQ9ZrWY3+D0NF5nM5+eMU5e9o3v2hkqF7thtXKeV0Xso+DY7WF7bT/mROd/cEilMXDWH1+1sKajs8HQlMVJ8kOKCFChtD2qB2EAqWPLTH4/"
    "r44GBUkfmZ/9G6yrokXHX/NYdMSmX6k2tczYxNQvLgiP0VEwSHyb0OSWDDoxzACT1m3eSZl/"
    "yoSVOqdxhon1p5Ij7QgrqVVFVYmFzIO1F11y2c3U2F5GuG8Gkb1JwOambogiWMbt06irgIdv";
inline constexpr char kRsaFingerprint[] = "SHA256:vTJbwQCgSX4oXWnCydvlHrC81GJEqqeI+cKjHJu5qVs";

inline constexpr char kEcdsa384Key[] =
    "ecdsa-sha2-nistp384 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBCzsq4FfRYJAVULfWpvTy6mkKLK+bvwYKicsKz/"
    "qtkUlQjkqCF1CmeVaZt0CkUCiQfe5mBpOpRjx4MhGzoUg7UTi+VUVrUwVdApvzIndCQhu7rO3BX9/TuJVe9eMxcdNNQ==";
inline constexpr char kEcdsa384Fingerprint[] = "SHA256:+0Ae/KdgZb7F280csinYpK4C+hsHAsWRh5qjDqRdkic";

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_PUBLIC_KEYS_H_
