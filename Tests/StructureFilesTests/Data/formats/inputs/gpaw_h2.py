from ase import Atoms
from gpaw import GPAW, FermiDirac
a=Atoms('H2',positions=[(2,2,2.4),(2,2,1.6)],cell=(4,4.2,4.5),pbc=True)
a.calc=GPAW(mode='lcao',basis='sz(dzp)',h=0.35,xc='PBE',txt='gpaw.txt',occupations=FermiDirac(0.1),convergence={'density':1e-3})
print(a.get_potential_energy(force_consistent=True),a.get_forces())
a.positions[0,2]+=0.05
print(a.get_potential_energy(force_consistent=True),a.get_forces())
a.calc.write('gpaw.gpw')
