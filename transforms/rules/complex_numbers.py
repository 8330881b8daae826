"""Rules of the parts of complex numbers. A change dz changes the result by Re(z_bar dz): see `srcad.transforms.rules`."""

from srcad.transforms.rules.language import rule
from srcad.transforms.rules.points import COMPLEX

rule("y = real(z)", "y_dot = real(z_dot)", "z_bar = y_bar", at=COMPLEX)
rule("y = imag(z)", "y_dot = imag(z_dot)", "z_bar = -(1j * y_bar)", at=COMPLEX)
rule("y = conj(z)", "y_dot = conj(z_dot)", "z_bar = conj(y_bar)", at=COMPLEX)
rule("y = complex(a, b)", "y_dot = complex(a_dot, b_dot)", "a_bar = real(y_bar)", "b_bar = -imag(y_bar)", at=COMPLEX)

#: Functions whose rules hold for complex numbers, too; where there is a branch cut, off it.
HOLOMORPHIC = frozenset("add sub mul div neg pow sqrt exp log sin cos tan sinh cosh tanh".split())
