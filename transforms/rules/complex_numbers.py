"""Rules of the parts of complex numbers. A change dz changes the result by Re(z_bar dz): see `srcad.transforms.rules`."""

from srcad.transforms.rules.language import rule

rule("y = real(z)", "y_dot = real(z_dot)", "z_bar = y_bar")
rule("y = imag(z)", "y_dot = imag(z_dot)", "z_bar = -(1j * y_bar)")
rule("y = conj(z)", "y_dot = conj(z_dot)", "z_bar = conj(y_bar)")
rule("y = complex(a, b)", "y_dot = complex(a_dot, b_dot)", "a_bar = real(y_bar)", "b_bar = -imag(y_bar)")
